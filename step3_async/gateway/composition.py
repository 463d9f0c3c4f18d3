"""API composition: responses for a signed-in reader, made from the responses of several services.

Services announce which of their responses are composed, and how. They announce the parts as well: a reader's
marks are at `/marks`, and counts of them at the `/counts` of one or more services. A service that is away
leaves a gap.
"""

import asyncio
from dataclasses import replace
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
from step3_async.gateway.ingress.responses import RawResponse, apply_conditions, values_of
from step3_async.gateway.routing.registry import Registry
from step3_async.gateway.routing.routes import Route
from step3_async.gateway.upstream.caller import Caller
from step3_async.rapids.headers import DEPENDS_ON, GAPS

MARKS, COUNTS = "/marks", "/counts"
PART_SECONDS = 2.0
"""How long a part may take: the response can do without it."""

MOST_MARKS = 50
"""The most marks in one response: as many as there are posts on the largest page."""

UNMARKED: dict[str, Any] = {"tags": [], "liked": False, "hidden": False}


class Composer:
    """Composes what `caller` gets from the services of `registry`."""

    def __init__(self, caller: Caller, registry: Registry) -> None:
        self._caller, self._registry, self._routes = caller, registry, registry.routes

    async def compose(self, route: Route, request: Request) -> Response:
        """Return the response to a request, composed in the way that its route names.

        Raises what Caller.call raises.
        """
        request = replace(request, method="GET")  # the body is needed here, if not by the client
        if route.path.composition == "counts":
            return await self._with_counts(route, request)
        if route.path.composition == "marks on one":
            return await self._with_marks_on_one(route, request)
        response = await self._caller.call(route, request)
        content = _content(response)
        if content is None or not content.get("_items"):
            return response
        return await self._with_marks(response, content, content["_items"], request)

    async def _with_marks_on_one(self, route: Route, request: Request) -> Response:
        """Return one post with marks, and with an ETag that covers the marks, too."""
        response = await self._caller.call(route, request.unconditional())
        content = _content(response)
        if content is None:
            return response
        marked = await self._with_marks(response, content, [content], request)
        marked.headers["etag"] = f'"{content.get("_etag")}"'
        del marked.headers["last-modified"]
        return apply_conditions(request, marked)

    async def _with_marks(
        self, response: Response, content: Any, posts: list[Any], request: Request
    ) -> Response:
        route = self._routes.find_in_api(MARKS)
        where = orjson.dumps({"post": {"$in": [post["_id"] for post in posts]}}).decode()
        query = f"where={quote(where, safe='')}&max_results={MOST_MARKS}"
        marks = await self._part(route, request, query) if route else None
        if marks is None:
            return _composed(response, content, [], [route.service if route else _unknown(MARKS)])
        by_post = {mark["post"]: mark for mark in orjson.loads(marks.body)["_items"]}
        for post in posts:
            mark = {**UNMARKED, **by_post.get(post["_id"], {})}
            put_mark(post, sorted(mark["tags"]), mark["liked"], mark["hidden"])
        return _composed(response, content, [marks], [])

    async def _with_counts(self, route: Route, request: Request) -> Response:
        routes = self._routes.parts(COUNTS)
        response, parts = await asyncio.gather(
            self._caller.call(route, request),
            asyncio.gather(*(self._part(each, request) for each in routes)),
        )
        content = _content(response)
        if content is None:
            return response
        gaps = [each.service for each, part in zip(routes, parts, strict=True) if part is None]
        present = [part for part in parts if part is not None]
        for part in present:
            content["counts"].update(orjson.loads(part.body)["counts"])
        if not routes or self._registry.missing:  # which may be one that counts, too
            gaps.append(_unknown(COUNTS))
        return _composed(response, content, present, gaps)

    async def _part(self, route: Route, request: Request, query: str = "") -> Response | None:
        """Request a part, and return None if it is away. Raises SignedOut if the service knows that the
        reader's token was revoked.
        """
        headers = CIMultiDict(Accept="application/json", Authorization=request.headers["authorization"])
        path = f"{route.path.below}{route.path.template}"
        try:
            response = await self._caller.call(
                route, replace(request, path=path, query=query, headers=headers), PART_SECONDS
            )
        except (DependencyUnavailable, DependencyTimeout):
            return None
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise SignedOut("This token is not valid, or no longer. Sign in for a new one.")
        return response if response.status_code == HTTPStatus.OK else None


def _content(response: Response) -> dict[str, Any] | None:
    """Return the JSON of a response to compose; None for one that is left as it is, such as an error."""
    if response.status_code != HTTPStatus.OK:
        return None
    content = orjson.loads(response.body)
    return content if isinstance(content, dict) else None


def _composed(response: Response, content: Any, parts: list[Response], gaps: list[str]) -> Response:
    """Return `response` with other content, and with headers that name the instances that had a part in it,
    and the gaps.
    """
    body = orjson.dumps(content)
    composed = RawResponse(response.status_code, list(response.raw_headers), body)
    composed.headers["content-length"] = str(len(body))
    del composed.headers[DEPENDS_ON]
    served_by = [name for each in (response, *parts) for name in values_of(each, SERVED_BY)]
    if served_by:
        composed.headers[SERVED_BY] = ", ".join(dict.fromkeys(served_by))
    if gaps:
        composed.headers[GAPS] = ", ".join(gaps)
    return composed


def _unknown(template: str) -> str:
    """Return the name for a gap of which no service is known yet, from the path of the part."""
    return template.removeprefix("/")
