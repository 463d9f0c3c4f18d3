"""With more than 10,000 posts, totals stop at 10,000 and no page reaches past them.

Its name makes this module the last one, since its posts stay in the store.
"""

import pytest

from tests.contract.face import Face
from tests.contract.shapes import check_collection, ids, moment
from tests.support.browser import Browser, posts_on
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.eventually import eventually

pytestmark = pytest.mark.paging

BOUND = 10_000
POSTS = 10_050
PATIENCE = 120.0


@pytest.fixture(scope="module", autouse=True)
def many(face: Face, corpus: Corpus) -> None:
    """More posts than the bound."""
    face.load("--generate", str(POSTS))

    def check() -> None:
        assert Client(face.url).json("/")["_meta"].get("total_relation") == "gte"

    eventually(check, PATIENCE)


def test_the_total_says_that_there_are_more(visitor: Client) -> None:
    body = visitor.json("/")
    check_collection(body, page=1, max_results=25)
    assert body["_meta"] == {"page": 1, "max_results": 25, "total": BOUND, "total_relation": "gte"}


def test_the_last_page_ends_with_the_ten_thousandth(visitor: Client) -> None:
    first = visitor.json("/", max_results=50)
    last = visitor.json("/" + first["_links"]["last"]["href"].lstrip("/"))
    assert last["_meta"]["page"] == BOUND // 50
    assert len(last["_items"]) == 50
    assert "next" not in last["_links"]
    assert "prev" in last["_links"]


@pytest.mark.parametrize(("page", "size"), [(201, 50), (401, 25), (10_001, 1), (1_000_000, 50)])
def test_pages_past_the_bound_are_empty(visitor: Client, page: int, size: int) -> None:
    body = visitor.json("/", page=page, max_results=size)
    assert body["_items"] == []
    assert (body["_meta"]["total"], body["_meta"]["total_relation"]) == (BOUND, "gte")
    assert "next" not in body["_links"]


@pytest.mark.parametrize(("size", "page", "left"), [(30, 334, 10), (7, 1429, 4), (3, 3334, 1)])
def test_page_across_the_bound_is_cut(visitor: Client, size: int, page: int, left: int) -> None:
    across = visitor.json("/", page=page, max_results=size)
    assert len(across["_items"]) == left
    assert "next" not in across["_links"]
    last = visitor.json("/", page=BOUND // 50, max_results=50)
    assert ids(across["_items"]) == ids(last["_items"])[-left:]


def test_last_pages_are_newest_first(visitor: Client) -> None:
    def check() -> None:
        posts = [post for page in (198, 199, 200) for post in visitor.items("/", page=page, max_results=50)]
        assert len(set(ids(posts))) == 150
        dates = [moment(post) for post in posts]
        assert dates == sorted(dates, reverse=True)

    eventually(check, PATIENCE)  # while copies are filled, pages move


def test_a_reader_who_hides_some_has_the_same_bound(reader: Reader) -> None:
    for post in reader.items("/", max_results=3):
        reader.put(f"/posts/{post['_id']}/hide")
    assert reader.json("/")["_meta"]["total"] == BOUND
    assert len(reader.items("/", page=200, max_results=50)) == 50
    assert reader.items("/", page=201, max_results=50) == []


def test_html_pages_have_the_same_bound(browser: Browser) -> None:
    assert len(posts_on(browser.page("/", page=200, max_results=50))) == 50
    past = browser.page("/", page=201, max_results=50)
    assert posts_on(past) == []
    assert not past.select("a[rel=next]")


def test_searches_and_recommendations_still_respond(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/search", q=corpus.paged_word)
    assert body["_meta"]["total"] == len(corpus.paged)
    assert len(visitor.items("/recommended")) == 12
