"""Search: the posts that have the words of a query."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kit.domain.posts.collection import Posts, excluding
from kit.domain.search.words import search_for, why_nothing
from kit.http.collections import Found, Page
from kit.mongo.client import Document
from kit.mongo.pages import find_and_count

BEST_FIRST: list[tuple[str, Any]] = [("relevance", {"$meta": "textScore"}), ("_id", 1)]


def search(
    posts: Posts, query: str, page: Page, hidden: list[str], order: Sequence[tuple[str, Any]] = BEST_FIRST
) -> Found[Document]:
    """Search title and text, by default best first, and equal ones by `_id`. Where nothing can be found, say
    why.
    """
    match = {"$text": {"$search": search_for(query)}, **excluding(hidden)}
    found = posts.page(*find_and_count(posts.collection, match, posts.fields, order, page))
    return found if found.total else replace(found, reason=why_nothing(posts.collection, query))
