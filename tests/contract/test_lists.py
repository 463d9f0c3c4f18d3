"""`GET /`: posts, newest first, ties by `_id`, in pages."""

from math import ceil
from typing import Any

import pytest

from tests.contract.shapes import check_collection, check_post, ids, moment
from tests.support.browser import Browser, posts_on
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus


def test_the_first_page_has_25_posts(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/")
    check_collection(body, page=1, max_results=25)
    assert len(body["_items"]) == 25
    for post in body["_items"]:
        check_post(post)


def test_all_pages_are_newest_first_and_hold_each_post_once(visitor: Client, corpus: Corpus) -> None:
    pages = list(visitor.pages("/", max_results=50))
    posts = [post for page in pages for post in page["_items"]]
    assert len(set(ids(posts))) == len(posts) == pages[0]["_meta"]["total"]
    dates = [moment(post) for post in posts]
    assert dates == sorted(dates, reverse=True)
    for number, page in enumerate(pages, start=1):
        check_collection(page, page=number, max_results=50)


def test_posts_of_the_same_second_are_in_the_order_of_their_ids(visitor: Client, corpus: Corpus) -> None:
    dated = {each.post_id: each for each in corpus.dated}
    found = [post_id for post_id in ids(visitor.all_items("/")) if post_id in dated]
    assert found == sorted(dated, key=lambda post_id: (-dated[post_id].created, post_id))


@pytest.mark.parametrize("size", [1, 7, 25])
def test_page_has_the_requested_size(visitor: Client, corpus: Corpus, size: int) -> None:
    body = visitor.json("/", page=2, max_results=size)
    check_collection(body, page=2, max_results=size)
    assert body["_items"] == visitor.items("/", max_results=50)[size : 2 * size]


def test_links_lead_to_the_neighbouring_pages(visitor: Client, corpus: Corpus) -> None:
    def followed(name: str) -> dict[str, Any]:
        found: dict[str, Any] = visitor.json("/" + second["_links"][name]["href"].lstrip("/"))
        return found

    first, second, third = (visitor.json("/", page=page, max_results=40) for page in (1, 2, 3))
    assert followed("self") == second
    assert followed("prev") == first
    assert followed("next") == third
    assert followed("last")["_meta"]["page"] == ceil(second["_meta"]["total"] / 40)
    assert "prev" not in first["_links"]
    assert "next" not in followed("last")["_links"]


def test_a_page_past_the_end_is_empty(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/", page=1_000_000)
    check_collection(body, page=1_000_000, max_results=25)
    assert body["_items"] == []
    assert body["_meta"]["total"] == visitor.json("/")["_meta"]["total"]
    assert "next" not in body["_links"]


def test_html_page_shows_the_same_posts_in_the_same_order(
    visitor: Client, browser: Browser, corpus: Corpus
) -> None:
    page = browser.page("/", page=2, max_results=30)
    assert posts_on(page) == ids(visitor.items("/", page=2, max_results=30))


def test_html_page_links_to_its_neighbours(browser: Browser, corpus: Corpus) -> None:
    second = browser.page("/", page=2, max_results=10)
    following, previous = second.select_one("a[rel=next]"), second.select_one("a[rel=prev]")
    assert posts_on(browser.page(following["href"])) == posts_on(browser.page("/", page=3, max_results=10))
    assert posts_on(browser.page(previous["href"])) == posts_on(browser.page("/", max_results=10))


def test_a_reader_sees_their_marks_beside_each_post(reader: Reader, corpus: Corpus) -> None:
    for post in reader.items("/"):
        check_post(post, marked=True)
        assert (post["tags"], post["liked"], post["hidden"]) == ([], False, False)
