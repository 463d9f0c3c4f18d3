"""The Eve resource of search: the posts that have the words of `q`."""

from collections.abc import Sequence
from typing import Any

from eve import Eve
from flask import Request

from kit.domain.parameters import QUERY_SCHEMA, read_query
from kit.domain.posts.resource import POSTS
from kit.domain.search.words import search_for, why_nothing
from kit.mongo.client import Document
from kit.service.data import as_http_errors


def search_resource(order: Sequence[Any], summary: str) -> dict[str, Any]:
    """Describe the resource over the collection `posts`, with matches in this order."""
    return {
        **POSTS,
        "resource_title": "Search",
        "item_lookup": False,
        "datasource": {**POSTS["datasource"], "default_sort": list(order)},
        "kit": {**POSTS["kit"], "query": {"q": QUERY_SCHEMA}, "required": ["q"], "summary": summary},
    }


def match_words(app: Eve) -> None:
    """Make the resource `search` of `app` find posts with the words of `q`, or say why it cannot find any."""

    def match(_request: Request, lookup: Document) -> None:
        lookup["$text"] = {"$search": search_for(read_query())}

    def explain(found: Document) -> None:
        if found["_meta"]["total"]:
            return
        with as_http_errors():
            if reason := why_nothing(app.data.driver.db["posts"], read_query()):
                found["_meta"]["reason"] = reason

    app.on_pre_GET_search += match
    app.on_fetched_resource_search += explain
