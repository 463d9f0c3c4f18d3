"""Responses for a signed-in reader that several services have a part in. A part that is away leaves a gap.

Services announce which of their responses are composed, and how. They announce the parts as well: a reader's
marks are at `/marks`, and what is counted for them at the `/counts` of one or more services.
"""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from multidict import CIMultiDict
from starlette.responses import Response

from kit.domain.marks.documents import put_mark
from kit.http.headers import SERVED_BY
from kit.http.problems import DependencyTimeout, DependencyUnavailable, SignedOut
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.ingress.responses import RawResponse, as_conditions_say, as_raw, values_of
from step3_async.gateway.routing.registry import Registry
from step3_async.gateway.routing.routes import Route
from step3_async.gateway.upstream.caller import Caller
from step3_async.gateway.upstream.client import Call, forwarded_headers
from step3_async.rapids.headers import DEPENDS_ON, GAPS

MARKS, COUNTS = "/marks", "/counts"
PART_SECONDS = 2.0
"""For what a response can do without."""

MOST_MARKS = 50
"""The largest page of posts, and of marks."""

UNMARKED: dict[str, Any] = {"tags": [], "liked": False, "hidden": False}
REPLACED = frozenset({b"content-length", as_raw(DEPENDS_ON), as_raw(SERVED_BY)})
VALIDATORS = frozenset({b"etag", b"last-modified"})


class Composer:
    """Composes what `caller` gets from the services of `registry`."""

    def __init__(self, caller: Caller, registry: Registry) -> None:
        self._caller, self._registry, self._routes = caller, registry, registry.routes

    async def compose(self, call: Call, request: Request) -> Response:
        """Return the response to a call as its route wants it composed. Raises as Caller.call does."""
        call.method = "GET"  # the body is needed here, if not by the client
        if call.route.path.composition == "marks on items":
            return await self._with_marks_on_items(call, request)
        if call.route.path.composition == "marks on one":
            return await self._with_marks_on_one(call, request)
        return await self._with_counts(call, request)

    async def _with_marks_on_items(self, call: Call, request: Request) -> Response:
        response = await self._caller.call(call, request)
        content = _content(response)
        if content is None or not content.get("_items"):
            return response
        marks = await self._marks([post["_id"] for post in content["_items"]], request)
        return self._marked(response, content, content["_items"], marks)

    async def _with_marks_on_one(self, call: Call, request: Request) -> Response:
        """Return one post, and an ETag that covers the marks, whatever the service would say of its own."""
        call.headers = forwarded_headers(request.unconditional())
        post_id = call.target.partition("?")[0].rpartition("/")[2]
        response, marks = await asyncio.gather(
            self._caller.call(call, request), self._marks([post_id], request)
        )
        content = _content(response)
        if content is None:
            return response
        marked = self._marked(response, content, [content], marks)
        etag = b'"%s"' % str(content.get("_etag")).encode()
        headers = [each for each in marked.raw_headers if each[0] not in VALIDATORS]
        return as_conditions_say(request, RawResponse(200, [*headers, (b"etag", etag)], bytes(marked.body)))

    async def _with_counts(self, call: Call, request: Request) -> Response:
        routes = self._routes.parts(COUNTS)
        response, parts = await asyncio.gather(
            self._caller.call(call, request),
            asyncio.gather(*(self._part(route, COUNTS, request) for route in routes)),
        )
        content = _content(response)
        if content is None:
            return response
        gaps = [route.service for route, part in zip(routes, parts, strict=True) if part is None]
        present = [part for part in parts if part is not None]
        for part in present:
            content["counts"].update(orjson.loads(part.body)["counts"])
        if not routes or self._registry.missing:  # which may be one that counts, too
            gaps.append(_unknown(COUNTS))
        return _composed(response, content, present, gaps)

    async def _marks(self, posts: list[str], request: Request) -> Response | None:
        route = self._routes.find_in_api(MARKS)
        if route is None:
            return None
        where = quote(orjson.dumps({"post": {"$in": posts}}).decode(), safe="")
        return await self._part(route, f"{MARKS}?where={where}&max_results={MOST_MARKS}", request)

    async def _part(self, route: Route, target: str, request: Request) -> Response | None:
        """Return the response of a service that the whole can do without. Raises SignedOut when the service
        knows that the reader's token was ended.
        """
        headers = CIMultiDict(Accept="application/json", Authorization=request.headers["authorization"])
        try:
            response = await self._caller.call(
                Call(route, "GET", target, headers, b"", PART_SECONDS), request
            )
        except (DependencyUnavailable, DependencyTimeout):
            return None
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise SignedOut("This token is not valid, or no longer. Sign in for a new one.")
        return response if response.status_code == HTTPStatus.OK else None

    def _marked(self, response: Response, content: Any, posts: list[Any], marks: Response | None) -> Response:
        if marks is None:
            route = self._routes.find_in_api(MARKS)
            return _composed(response, content, [], [route.service if route else _unknown(MARKS)])
        by_post = {mark["post"]: mark for mark in orjson.loads(marks.body)["_items"]}
        for post in posts:
            mark = {**UNMARKED, **by_post.get(post["_id"], {})}
            put_mark(post, sorted(mark["tags"]), mark["liked"], mark["hidden"])
        return _composed(response, content, [marks], [])


def _content(response: Response) -> dict[str, Any] | None:
    """Return what a response is to be composed of; None for one that is left as it is, such as an error."""
    if response.status_code != HTTPStatus.OK:
        return None
    content = orjson.loads(response.body)
    return content if isinstance(content, dict) else None


def _composed(response: Response, content: Any, parts: list[Response], gaps: list[str]) -> Response:
    """Return `response` with other content, and headers that name who had a part in it, or had none."""
    body = orjson.dumps(content)
    headers = [each for each in response.raw_headers if each[0] not in REPLACED]
    headers.append((b"content-length", b"%d" % len(body)))
    served_by = dict.fromkeys(name for each in (response, *parts) for name in values_of(each, SERVED_BY))
    if served_by:
        headers.append((as_raw(SERVED_BY), ", ".join(served_by).encode("latin-1")))
    if gaps:
        headers.append((as_raw(GAPS), ", ".join(gaps).encode()))
    return RawResponse(response.status_code, headers, body)


def _unknown(template: str) -> str:
    """Return what stands in the place of a service that has not been seen yet."""
    return template.removeprefix("/")
