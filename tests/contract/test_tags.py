"""Tagging a post."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Response

from tests.contract.face import Face
from tests.contract.shapes import ids
from tests.support.budget import budget
from tests.support.client import Client, Reader
from tests.support.responses import expect, expect_error, expect_issue

TAGS = ("a", "0", "a-", "to-read", "a--b", "9" * 30, "a" + "-" * 29)
INVALID_TAGS = (
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


def tags(response: Response) -> list[str]:
    found: list[str] = expect(response, 200).json()["tags"]
    return found


def test_tag_is_added_and_removed(regular: Reader, post: str) -> None:
    assert expect(regular.put(f"/posts/{post}/tags/river"), 200).json() == {"post": post, "tags": ["river"]}
    assert regular.json(f"/posts/{post}")["tags"] == ["river"]
    assert expect(regular.delete(f"/posts/{post}/tags/river"), 200).json() == {"post": post, "tags": []}
    assert regular.json(f"/posts/{post}")["tags"] == []


def test_tags_are_sorted(regular: Reader, post: str) -> None:
    for tag in ("stone", "a", "river", "0"):
        response = regular.put(f"/posts/{post}/tags/{tag}")
    assert tags(response) == ["0", "a", "river", "stone"]
    assert tags(regular.delete(f"/posts/{post}/tags/a")) == ["0", "river", "stone"]


def test_adding_a_tag_twice_changes_nothing(reader: Reader, post: str) -> None:
    for _ in range(2):
        assert tags(reader.put(f"/posts/{post}/tags/river")) == ["river"]
    assert reader.items("/tags") == [{"tag": "river", "count": 1}]
    for _ in range(2):
        assert tags(reader.delete(f"/posts/{post}/tags/river")) == []


def test_removing_a_missing_tag_changes_nothing(regular: Reader, post: str) -> None:
    assert tags(regular.delete(f"/posts/{post}/tags/never-put")) == []


@pytest.mark.parametrize("tag", TAGS)
def test_tags_up_to_their_limits_are_accepted(regular: Reader, post: str, tag: str) -> None:
    assert tags(regular.put(f"/posts/{post}/tags/{tag}")) == [tag]
    assert post in ids(regular.items(f"/tags/{tag}", max_results=50))


@pytest.mark.parametrize("tag", INVALID_TAGS)
def test_invalid_tags_are_refused(regular: Reader, post: str, tag: str) -> None:
    expect_issue(regular.put(f"/posts/{post}/tags/{tag}"), "tag")
    expect_issue(regular.delete(f"/posts/{post}/tags/{tag}"), "tag")
    expect_issue(regular.get(f"/tags/{tag}"), "tag")


def test_every_valid_tag_is_accepted(regular: Reader, post: str) -> None:
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
        response = regular.put(f"/posts/{post}/tags/tag-{number}")
    assert len(tags(response)) == 50
    expect_issue(regular.put(f"/posts/{post}/tags/one-more"), "tag")
    assert len(tags(regular.put(f"/posts/{post}/tags/tag-7"))) == 50, "one that is there is no new one"
    assert len(tags(regular.delete(f"/posts/{post}/tags/tag-7"))) == 49
    assert "one-more" in tags(regular.put(f"/posts/{post}/tags/one-more"))


def test_tags_added_at_the_same_time_are_all_kept(face: Face, regular: Reader, post: str) -> None:
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
