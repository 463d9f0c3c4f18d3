"""`GET /search`: full text over title and text, best first."""

from collections.abc import Callable

import pytest

from tests.contract.shapes import check_collection, check_post, ids
from tests.support.browser import Browser, posts_on
from tests.support.client import Client
from tests.support.corpus import Corpus
from tests.support.responses import expect
from tests.support.submission import new_word

STRANGE = (
    *(
        '"',
        '""',
        "-",
        "-word",
        '"a phrase',
        "a OR b",
        "*",
        "$where",
        '{"$gt": ""}',
        "$text",
        "\\",
        "%",
        "(",
        "[a-",
    ),
    *(
        "a.*b",
        "ünïcödé",
        "石",
        "🪨",
        "\u202e\u200b",
        "the",
        "of and the",
        "' OR 1=1 --",
        "<script>",
        "/",
        "?",
        "#",
    ),
)


def test_words_of_title_and_text_are_found(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/search", q=corpus.search_word)
    check_collection(body, page=1, max_results=25)
    assert set(ids(body["_items"])) == {each.post_id for each in corpus.matching.values()}
    assert body["_meta"]["total"] == len(corpus.matching)
    for post in body["_items"]:
        check_post(post)


def test_the_best_match_comes_first(visitor: Client, corpus: Corpus) -> None:
    found = ids(visitor.items("/search", q=corpus.search_word))
    assert found[0] == corpus.matching["twice"].post_id
    assert found.index(corpus.matching["tie0"].post_id) < found.index(corpus.matching["text"].post_id)


def test_equal_matches_are_in_the_order_of_their_ids(visitor: Client, corpus: Corpus) -> None:
    ties = {corpus.matching[f"tie{number}"].post_id for number in range(4)}
    found = [post_id for post_id in ids(visitor.items("/search", q=corpus.search_word)) if post_id in ties]
    assert found == sorted(ties)


def test_questions_are_found_by_the_words_in_their_markup(visitor: Client, corpus: Corpus) -> None:
    unusual = corpus.question.title.split()[-1].rstrip("?")
    assert ids(visitor.items("/search", q=unusual)) == [corpus.question.post_id]


@pytest.mark.parametrize("change", [str.upper, str.title, lambda word: f"  {word} "])
def test_case_and_spaces_around_make_no_difference(
    visitor: Client, corpus: Corpus, change: Callable[[str], str]
) -> None:
    requested = change(corpus.search_word)
    assert visitor.items("/search", q=requested) == visitor.items("/search", q=corpus.search_word)


def test_an_unknown_word_finds_nothing(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/search", q=new_word())
    assert (body["_items"], body["_meta"]["total"]) == ([], 0)


def test_pages_hold_each_match_once(visitor: Client, corpus: Corpus) -> None:
    pages = list(visitor.pages("/search", q=corpus.paged_word, max_results=8))
    found = [post_id for page in pages for post_id in ids(page["_items"])]
    assert len(pages) == 4
    assert sorted(found) == sorted(each.post_id for each in corpus.paged)
    for number, page in enumerate(pages, start=1):
        check_collection(page, page=number, max_results=8)
        assert page["_meta"]["total"] == len(corpus.paged)
    assert visitor.items("/search", q=corpus.paged_word, page=5, max_results=8) == []


def test_html_page_shows_the_same_posts_and_keeps_the_query(
    visitor: Client, browser: Browser, corpus: Corpus
) -> None:
    page = browser.page("/search", q=corpus.paged_word, max_results=8)
    assert posts_on(page) == ids(visitor.items("/search", q=corpus.paged_word, max_results=8))
    assert page.select_one("input[name=q]")["value"] == corpus.paged_word
    following = browser.page(page.select_one("a[rel=next]")["href"])
    assert posts_on(following) == ids(visitor.items("/search", q=corpus.paged_word, page=2, max_results=8))


def test_a_page_says_when_nothing_was_found(browser: Browser, corpus: Corpus) -> None:
    word = new_word()
    page = browser.page("/search", q=word)
    assert posts_on(page) == []
    assert word in page.select_one("main").get_text()


@pytest.mark.parametrize("requested", STRANGE)
def test_strange_queries_get_a_response(visitor: Client, corpus: Corpus, requested: str) -> None:
    check_collection(visitor.json("/search", q=requested), page=1, max_results=25)


@pytest.mark.parametrize("length", [1, 199, 200])
def test_query_may_have_200_characters(visitor: Client, corpus: Corpus, length: int) -> None:
    for character in "aé石🪨":
        expect(visitor.get("/search", params={"q": character * length}), 200)
