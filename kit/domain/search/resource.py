"""Search: the posts that have the words of `q`."""

from collections.abc import Sequence
from typing import Any

from eve import Eve
from flask import Request

from kit.domain.posts.resource import POSTS
from kit.domain.search.words import search_for, why_nothing
from kit.http import params
from kit.mongo.client import Document
from kit.service.data import answered

BEST_FIRST = [("relevance", {"$meta": "textScore"}), ("_id", 1)]

QUERY = {"q": {"type": "string", "minLength": 1, "maxLength": 200, "examples": ["flask"]}}


def search_resource(order: Sequence[Any], summary: str) -> dict[str, Any]:
    """The resource over the collection `posts`, whose matches come in that order, as `summary` says."""
    return {
        **POSTS,
        "resource_title": "Search",
        "item_lookup": False,
        "datasource": {**POSTS["datasource"], "default_sort": list(order)},
        "kit": {**POSTS["kit"], "query": QUERY, "required": ["q"], "summary": summary},
    }


def match_words(app: Eve) -> None:
    """Have the resource `search` of `app` find the words that are asked for, or tell why it cannot."""

    def match(request: Request, lookup: Document) -> None:
        lookup["$text"] = {"$search": search_for(params.query())}

    def tell_why(found: Document) -> None:
        if found["_meta"]["total"]:
            return
        with answered():
            if reason := why_nothing(app.data.driver.db["posts"], params.query()):
                found["_meta"]["reason"] = reason

    app.on_pre_GET_search += match
    app.on_fetched_resource_search += tell_why
