"""`GET /tags` and `GET /tags/{tag}`: the reader's tags with counts, and their posts."""

from tests.contract.shapes import check_collection, check_post, ids
from tests.support.browser import Browser, posts_on
from tests.support.client import Reader
from tests.support.corpus import Corpus
from tests.support.responses import expect


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
