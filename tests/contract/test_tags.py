"""Tagging a post, and finding tagged ones."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.face import Face
from tests.contract.shapes import check_collection, check_post, ids
from tests.support.answers import expect, expect_error, expect_issue
from tests.support.browser import Browser, posts_on
from tests.support.budget import budget
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus

TAGS = ("a", "0", "a-", "to-read", "a--b", "9" * 30, "a" + "-" * 29)
NO_TAGS = (
    *(
        "-",
        "-a",
        "A",
        "a_b",
        "a%20b",
        "a.b",
        "a" * 31,
        "%C3%A9",
        "a%00",
        "a%0A",
        "%0Aa",
        "$where",
        "a$",
        "%EF%BC%91",
    ),
    *("a,b", "[a]", "%ff", "a+b", "{}", "a;b", "~"),
)


def tags(answer: object) -> list[str]:
    return expect(answer, 200).json()["tags"]


def test_a_tag_is_put_and_taken_off(regular: Reader, post: str) -> None:
    assert expect(regular.put(f"/posts/{post}/tags/river"), 200).json() == {"post": post, "tags": ["river"]}
    assert regular.json(f"/posts/{post}")["tags"] == ["river"]
    assert expect(regular.delete(f"/posts/{post}/tags/river"), 200).json() == {"post": post, "tags": []}
    assert regular.json(f"/posts/{post}")["tags"] == []


def test_tags_are_told_in_order(regular: Reader, post: str) -> None:
    for tag in ("stone", "a", "river", "0"):
        answer = regular.put(f"/posts/{post}/tags/{tag}")
    assert tags(answer) == ["0", "a", "river", "stone"]
    assert tags(regular.delete(f"/posts/{post}/tags/a")) == ["0", "river", "stone"]


def test_doing_it_twice_is_doing_it_once(reader: Reader, post: str) -> None:
    for _ in range(2):
        assert tags(reader.put(f"/posts/{post}/tags/river")) == ["river"]
    assert reader.items("/tags") == [{"tag": "river", "count": 1}]
    for _ in range(2):
        assert tags(reader.delete(f"/posts/{post}/tags/river")) == []


def test_a_tag_that_is_not_there_can_be_taken_off(regular: Reader, post: str) -> None:
    assert tags(regular.delete(f"/posts/{post}/tags/never-put")) == []


@pytest.mark.parametrize("tag", TAGS)
def test_tags_up_to_their_limits_are_taken(regular: Reader, post: str, tag: str) -> None:
    assert tags(regular.put(f"/posts/{post}/tags/{tag}")) == [tag]
    assert post in ids(regular.items(f"/tags/{tag}", max_results=50))


@pytest.mark.parametrize("tag", NO_TAGS)
def test_other_tags_are_refused(regular: Reader, post: str, tag: str) -> None:
    expect_issue(regular.put(f"/posts/{post}/tags/{tag}"), "tag")
    expect_issue(regular.delete(f"/posts/{post}/tags/{tag}"), "tag")
    expect_issue(regular.get(f"/tags/{tag}"), "tag")


def test_every_tag_within_the_rule_is_taken(regular: Reader, post: str) -> None:
    @budget(60)
    @given(tag=st.from_regex("[a-z0-9][a-z0-9-]{0,29}", fullmatch=True))
    def check(tag: str) -> None:
        assert tags(regular.put(f"/posts/{post}/tags/{tag}")) == [tag]
        assert tags(regular.delete(f"/posts/{post}/tags/{tag}")) == []

    check()


def test_an_unknown_post_is_not_found(regular: Reader) -> None:
    for post_id in ("t3_zzzzzzzzzzz", "nonsense"):
        expect_error(regular.put(f"/posts/{post_id}/tags/on-nothing"), 404)
        expect_error(regular.delete(f"/posts/{post_id}/tags/on-nothing"), 404)
    assert regular.items("/tags/on-nothing") == []


def test_the_51st_tag_is_refused(regular: Reader, post: str) -> None:
    for number in range(50):
        answer = regular.put(f"/posts/{post}/tags/tag-{number}")
    assert len(tags(answer)) == 50
    expect_issue(regular.put(f"/posts/{post}/tags/one-more"), "tag")
    assert len(tags(regular.put(f"/posts/{post}/tags/tag-7"))) == 50, "one that is there is no new one"
    assert len(tags(regular.delete(f"/posts/{post}/tags/tag-7"))) == 49
    assert "one-more" in tags(regular.put(f"/posts/{post}/tags/one-more"))


def test_tags_put_at_the_same_time_are_all_there(face: Face, regular: Reader, post: str) -> None:
    def put(number: int) -> int:
        return Client(face.url, regular.token).put(f"/posts/{post}/tags/tag-{number}").status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(put, range(60))) == {200: 50, 422: 10}
    assert len(regular.json(f"/posts/{post}")["tags"]) == 50


def test_tags_are_the_readers_own(regular: Reader, other: Reader, visitor: Client, post: str) -> None:
    expect(regular.put(f"/posts/{post}/tags/mine"), 200)
    assert other.json(f"/posts/{post}")["tags"] == []
    assert other.items("/tags/mine") == []
    assert "mine" not in [each["tag"] for each in other.all_items("/tags")]
    assert "tags" not in visitor.json(f"/posts/{post}")


def test_tags_are_listed_with_counts(reader: Reader, corpus: Corpus) -> None:
    posts = [corpus.spare.pop().post_id for _ in range(3)]
    for post, tag in (
        (posts[0], "one"),
        *((post, "all") for post in posts),
        (posts[1], "two"),
        (posts[2], "two"),
    ):
        expect(reader.put(f"/posts/{post}/tags/{tag}"), 200)
    body = reader.json("/tags")
    check_collection(body, page=1, max_results=25)
    assert {each["tag"]: each["count"] for each in body["_items"]} == {"one": 1, "two": 2, "all": 3}
    assert all(set(each) == {"tag", "count"} for each in body["_items"])
    pages = list(reader.pages("/tags", max_results=2))
    assert [len(page["_items"]) for page in pages] == [2, 1]
    assert [each for page in pages for each in page["_items"]] == body["_items"]


def test_tagged_posts_are_listed_newest_first(regular: Reader, corpus: Corpus) -> None:
    dated = sorted(corpus.dated, key=lambda each: (-each.created, each.post_id))
    for each in sorted(dated, key=lambda each: each.id):
        expect(regular.put(f"/posts/{each.post_id}/tags/dated"), 200)
    body = regular.json("/tags/dated")
    check_collection(body, page=1, max_results=25)
    assert ids(body["_items"]) == [each.post_id for each in dated]
    assert body["_meta"]["total"] == len(dated)
    for post in body["_items"]:
        check_post(post, marked=True)
        assert post["tags"] == ["dated"]
    assert ids(regular.items("/tags/dated", page=2, max_results=5)) == ids(body["_items"])[5:]


def test_an_unused_tag_has_no_posts(regular: Reader) -> None:
    body = regular.json("/tags/never-used")
    assert (body["_items"], body["_meta"]["total"]) == ([], 0)


def test_pages_show_tags_and_their_posts(browser: Browser, post: str) -> None:
    browser.sign_up()
    headers = {"X-CSRFToken": browser.page_token()}
    expect(browser.put(f"/posts/{post}/tags/on-a-page", headers=headers), 200)
    link = browser.page("/tags").select_one('main a[href="/tags/on-a-page"]')
    assert "on-a-page" in link.get_text()
    assert posts_on(browser.page(link["href"])) == [post]
    assert browser.page(f"/posts/{post}").select_one('main a[href="/tags/on-a-page"]')
