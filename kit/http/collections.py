"""Collections as Eve represents them: items, meta, links."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, TypedDict
from urllib.parse import urlencode

from flask import request

from kit.http.paging import Found, Page

Link = dict[str, str]


class PageUrls(TypedDict):
    """Addresses of the neighbouring pages, where there are any."""

    next_url: str | None
    prev_url: str | None


def as_collection(
    found: Found[Any], page: Page, title: str, query: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One page of a collection; `query` holds the parameters besides paging that led to it."""
    meta: dict[str, Any] = {"page": page.number, "max_results": page.size, "total": found.total}
    if found.more:
        meta["total_relation"] = "gte"
    if found.reason:
        meta["reason"] = found.reason
    return {"_items": found.items, "_meta": meta, "_links": _links(found, page, title, query or {})}


def as_single_page(items: Sequence[Any], size: int, title: str, query: Mapping[str, str]) -> dict[str, Any]:
    """A collection that has one page only."""
    return as_collection(Found(list(items), len(items)), Page(1, size), title, query)


def page_urls(found: Found[Any], page: Page, query: Mapping[str, str] | None = None) -> PageUrls:
    """The same links for the pager of an HTML page."""
    links = _links(found, page, "", query or {})
    hrefs = {name: f"/{links[name]['href']}" if name in links else None for name in ("next", "prev")}
    return PageUrls(next_url=hrefs["next"], prev_url=hrefs["prev"])


def _links(found: Found[Any], page: Page, title: str, query: Mapping[str, str]) -> dict[str, Link]:
    last = max(1, ceil(found.total / page.size))
    path = request.path.lstrip("/")
    before = urlencode(query) if query else ""
    after = f"max_results={page.size}" if "max_results" in request.args else ""

    def link(number: int, title: str) -> Link:
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
