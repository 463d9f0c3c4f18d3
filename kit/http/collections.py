"""Pages of collections, and collections as Eve represents them: items, meta, links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypedDict, TypeVar
from urllib.parse import urlencode

from flask import request
from pydantic import BaseModel, Field

DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE = 25, 50

TOTAL_LIMIT = 10_000
"""Totals are exact up to here, and no page reaches past it."""


Item = TypeVar("Item")


@dataclass(frozen=True)
class Page:
    """The page of a collection that is requested: `number` from 1, `size` items a page."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """The number of items before this page."""
        return (self.number - 1) * self.size

    @property
    def limit(self) -> int:
        """The number of items that this page may have: fewer at TOTAL_LIMIT, none past it."""
        return max(0, min(self.size, TOTAL_LIMIT - self.offset))


@dataclass(frozen=True)
class Found(Generic[Item]):
    """One page of a collection, and the collection's size: exact, or TOTAL_LIMIT with `more` set.

    `reason` says why a search cannot find anything, if the query is the cause.
    """

    items: list[Item]
    total: int
    more: bool = False
    reason: str | None = None


class Meta(BaseModel):
    """The page, its size, and the total number of items."""

    page: int = Field(ge=1)
    max_results: int = Field(ge=1)
    total: int = Field(ge=0, le=TOTAL_LIMIT)
    total_relation: str | None = None
    reason: str | None = None


class Link(BaseModel):
    """A link to another page or resource."""

    href: str
    title: str | None = None


class PageUrls(TypedDict):
    """Addresses of the neighbouring pages, where there are any."""

    next_url: str | None
    prev_url: str | None


def as_collection(
    found: Found[Any], page: Page, title: str, query: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Represent one page. `query` has the parameters of the request, except those of paging."""
    meta: dict[str, Any] = {"page": page.number, "max_results": page.size, "total": found.total}
    if found.more:
        meta["total_relation"] = "gte"
    if found.reason:
        meta["reason"] = found.reason
    return {"_items": found.items, "_meta": meta, "_links": _links(found, page, title, query or {})}


def as_single_page(items: Sequence[Any], size: int, title: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Represent a collection that has one page only."""
    return as_collection(Found(list(items), len(items)), Page(1, size), title, query)


def page_urls(found: Found[Any], page: Page, query: Mapping[str, str] | None = None) -> PageUrls:
    """Return the links to the neighbouring pages for the pager of an HTML page."""
    links = _links(found, page, "", query or {})
    hrefs = {name: f"/{links[name]['href']}" if name in links else None for name in ("next", "prev")}
    return PageUrls(next_url=hrefs["next"], prev_url=hrefs["prev"])


def _links(found: Found[Any], page: Page, title: str, query: Mapping[str, str]) -> dict[str, dict[str, str]]:
    last = max(1, ceil(found.total / page.size))
    path = request.path.lstrip("/")
    before = urlencode(query) if query else ""
    after = f"max_results={page.size}" if "max_results" in request.args else ""

    def link(number: int, title: str) -> dict[str, str]:
        paging = f"page={number}" if number > 1 else ""
        parameters = "&".join(filter(None, (before, paging, after)))
        return {"title": title, "href": f"{path}?{parameters}" if parameters else path}

    links = {"parent": {"title": "home", "href": "/"}, "self": link(page.number, title)}
    if page.number < last:
        links["next"] = link(page.number + 1, "next page")
        links["last"] = link(last, "last page")
    if page.number > 1:
        links["prev"] = link(min(page.number - 1, last), "previous page")
    return links
