"""Pages of a collection and their totals, with the real MongoDB."""

from typing import Any

import pytest
from pymongo import TEXT
from pymongo.collection import Collection
from pymongo.database import Database

from kit.http.collections import Page
from kit.mongo import pages
from kit.mongo.pages import count, find_and_count

Document = dict[str, Any]
WORDS: Document = {"$text": {"$search": "lion"}}
BEST_FIRST = [("relevance", {"$meta": "textScore"}), ("_id", 1)]
FIELDS = {"title": True}
TOTAL = 30


@pytest.fixture
def papers(database: Database[Document]) -> Collection[Document]:
    """Papers 0 to 29 about lions, the later ones more often, and 10 about tigers."""
    papers = database["papers"]
    papers.create_index([("title", TEXT)])
    papers.insert_many(
        [{"_id": number, "title": "lion " * (1 + number // 10), "more": "x"} for number in range(TOTAL)]
    )
    papers.insert_many([{"_id": 100 + number, "title": "tiger"} for number in range(10)])
    return papers


def in_two(papers: Collection[Document], match: Document, page: Page) -> tuple[list[Document], int]:
    """Read the page and the total by two commands, in the plain way."""
    found = papers.find(match, FIELDS).sort(BEST_FIRST).skip(page.offset).limit(page.limit).to_list()
    return found, papers.count_documents(match)


@pytest.mark.parametrize("page", [Page(1, 7), Page(2, 7), Page(5, 7), Page(6, 7), Page(1, 50)], ids=str)
@pytest.mark.parametrize("excluded", [[], [3, 25, 104]], ids=str)
def test_one_command_finds_what_two_find(
    papers: Collection[Document], excluded: list[int], page: Page
) -> None:
    match = {**WORDS, "_id": {"$nin": excluded}}
    assert find_and_count(papers, match, FIELDS, BEST_FIRST, page) == in_two(papers, match, page)


def test_nothing_is_found_and_counted(papers: Collection[Document]) -> None:
    match = {"$text": {"$search": "zebra"}}
    assert find_and_count(papers, match, FIELDS, BEST_FIRST, Page(1, 7)) == ([], 0)


def test_total_is_counted_to_just_over_its_limit(
    papers: Collection[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "TOTAL_LIMIT", 12)
    found, total = find_and_count(papers, WORDS, FIELDS, BEST_FIRST, Page(2, 7))
    assert ([each["_id"] for each in found], total) == ([27, 28, 29, 10, 11, 12, 13], 13)


def test_page_past_the_limit_is_empty_and_counted(papers: Collection[Document]) -> None:
    assert find_and_count(papers, WORDS, FIELDS, BEST_FIRST, Page(201, 50)) == ([], TOTAL)


def test_page_that_is_too_large_for_one_document_is_read_all_the_same(papers: Collection[Document]) -> None:
    """Another program may store what MongoDB allows: 16 MB a document."""
    papers.update_many({"_id": {"$gte": 25}}, {"$set": {"title": "lion " + "z" * 4_000_000}})
    page = Page(1, 30)
    found, total = find_and_count(papers, WORDS, FIELDS, BEST_FIRST, page)
    assert sum(len(each["title"]) for each in found) > 16 * 1024 * 1024
    assert (found, total) == in_two(papers, WORDS, page)


@pytest.mark.parametrize(
    ("excluded", "counted"),
    [([], 20), ([15], 19), ([5, 15, 16], 18), ([999], 20), (list(range(TOTAL)), 0)],
    ids=["none", "one", "one that does not match, too", "unknown", "all"],
)
@pytest.mark.parametrize("hint", [None, "_id_"])
def test_excluded_documents_are_not_counted(
    papers: Collection[Document], hint: str | None, excluded: list[int], counted: int
) -> None:
    match = {"_id": {"$gte": 10}, "more": "x"}
    assert count(papers, match, excluded, hint=hint) == counted


def test_count_is_exact_up_to_its_limit_whatever_is_excluded(
    papers: Collection[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "TOTAL_LIMIT", 10)
    assert count(papers, {"more": "x"}, list(range(20))) == 10
    assert count(papers, {"more": "x"}, list(range(19))) == 11
    assert count(papers, {"more": "x"}, [5]) > 10
