"""API composition: the profile of a reader, made from the responses of several services.

Services announce which of their responses are composed. They announce the parts as well: each service that
counts what a reader has done has the path `/counts`. A service that is away leaves a gap.
"""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson
from multidict import CIMultiDict
from starlette.responses import Response

from kit.http.headers import SERVED_BY
from kit.http.problems import DependencyTimeout, DependencyUnavailable, SignedOut
from step3_async.client.request import Request
from step3_async.client.response import RawResponse, values_of
from step3_async.client.routing.registry import Registry
from step3_async.client.routing.routes import Route
from step3_async.client.upstream.caller import Caller
from step3_async.rapids.headers import DEPENDS_ON, GAPS

COUNTS = "/counts"
PART_SECONDS = 2.0
"""How long a part may take: the response can do without it."""

UNKNOWN = "counts"
"""The name of the gap that services leave of which none is known yet."""


class Composer:
    """Composes what `caller` gets from the services of `registry`."""

    def __init__(self, caller: Caller, registry: Registry) -> None:
        self._caller, self._registry, self._routes = caller, registry, registry.routes

    async def compose(self, route: Route, request: Request) -> Response:
        """Return the response to a request, with the counts of all services that count.

        Raises what Caller.call raises, and SignedOut if a service knows that the reader's token was revoked.
        """
        request = replace(request, method="GET")  # the body is needed here, if not by the client
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
            gaps.append(UNKNOWN)
        return _composed(response, content, present, gaps)

    async def _part(self, route: Route, request: Request) -> Response | None:
        """Request a part, and return None if it is away. Raises SignedOut."""
        headers = CIMultiDict(Accept="application/json", Authorization=request.headers["authorization"])
        path = f"{route.path.below}{route.path.template}"
        try:
            response = await self._caller.call(
                route, replace(request, path=path, query="", headers=headers), PART_SECONDS
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
