"""The services as one API, for the web face. The headers of their responses are collected for the gateway."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import Response as FlaskResponse
from flask import g, request
from multidict import CIMultiDict
from starlette.responses import Response

from kit.clients.rest import READ_SECONDS, RestResponse, problem_of
from kit.http.gaps import note_gap
from kit.http.headers import REQUEST_ID, SERVED_BY, SERVICE_VERSION
from kit.http.problems import DependencyUnavailable, Problem
from kit.logs import outgoing_headers
from step3_async.client import ServiceClient, open_client
from step3_async.client.request import Request
from step3_async.client.response import values_of
from step3_async.client.routing.balancer import requested_versions
from step3_async.client.routing.registry import title_of
from step3_async.rapids.bus import Bus
from step3_async.rapids.headers import COMMAND, DEADLINE, DEPENDS_ON, GAPS
from step3_async.rapids.tracing import TRACEPARENT

UNKNOWN = "What is needed for this page"
"""The name for people of a service that is not known yet."""


@dataclass
class ResponseMetadata:
    """The headers of the services' responses, collected for one request to the web face.

    `depends_on` names the data that the page was made from; None if a part of it is not the same for all.
    """

    depends_on: set[str] | None = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    served_by: list[str] = field(default_factory=list)

    def add(self, response: Response) -> None:
        """Add the headers of a response."""
        depends, gaps = values_of(response, DEPENDS_ON), values_of(response, GAPS)
        if not depends or gaps:
            self.depends_on = None
        elif self.depends_on is not None:
            self.depends_on.update(depends)
        self.commands += values_of(response, COMMAND)
        self.gaps += gaps
        self.served_by += values_of(response, SERVED_BY)
        for service in gaps:
            note_gap(title_of(service))


class ServicesApi:
    """All services as one API. It is a part of the web face's host, too, and runs in the host's thread.

    `expected` are the services that must have been up once before the face is ready. `secret` proves to
    services that they may trust its requests.
    """

    tags = ()
    subscriptions = ()
    pending = 0

    def __init__(self, expected: Sequence[str], secret: str) -> None:
        self._expected, self._secret = expected, secret
        self._client: ServiceClient | None = None

    def connected_to(self, bus: Bus) -> "ServicesApi":
        """Return this as the part of a host that is connected to `bus`."""
        self._bus, self._loop, self._ended = bus, asyncio.get_running_loop(), asyncio.Event()
        return self

    @property
    def ready(self) -> bool:
        """Whether all expected services have been up."""
        return self._client is not None and not self._client.registry.missing

    async def run(self) -> None:
        """Keep the registry up to date, until `stop`."""
        async with open_client(self._bus, self._expected, self._secret) as self._client:
            await self._ended.wait()

    async def stop(self) -> None:
        """End `run`."""
        self._ended.set()

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
    ) -> RestResponse:
        """Send a request to the service of `path` and return the response, if it is a good one.

        Raises the Problem that the service names, DependencyUnavailable when it cannot be reached and
        DependencyTimeout when it does not respond in time.
        """
        sent = CIMultiDict({"Accept": "application/json", **(headers or {})})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if json is not None:
            sent["Content-Type"] = "application/json"
        if self._client is None:
            raise DependencyUnavailable(UNKNOWN)
        made = self._request(method, path, params, sent, b"" if json is None else orjson.dumps(json))
        try:
            responding = self._respond(self._client, made)
            service, response = asyncio.run_coroutine_threadsafe(responding, self._loop).result()
            found = RestResponse(response.status_code, response.headers, bytes(response.body))
            if not found.ok:
                raise problem_of(service, found)
        except Problem:
            metadata().depends_on = None
            raise
        metadata().add(response)
        return found

    def health(self) -> dict[str, bool]:
        """Return no parts: the gateway reports them."""
        return {}

    def _request(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None,
        headers: CIMultiDict[str],
        body: bytes,
    ) -> Request:
        """Return the request in the context of the page's own: its client, its time, its versions."""
        about = outgoing_headers()
        spent = time.perf_counter() - g.request_started
        return Request(
            method=method,
            path=quote(path),
            query=urlencode(params or {}),
            headers=headers,
            body=body,
            client=request.remote_addr or "unknown",
            scheme=request.scheme,
            id=about[REQUEST_ID],
            traceparent=about.get(TRACEPARENT, ""),
            versions=requested_versions(request.headers.get(SERVICE_VERSION, "")),
            ends_at=time.monotonic() + _seconds_allowed(request.headers.get(DEADLINE, "")) - spent,
        )

    async def _respond(self, client: ServiceClient, made: Request) -> tuple[str, Response]:
        """Return the response, good or bad, and the name of the service for people."""
        route = client.registry.routes.find_in_api(made.path)
        if route is None:
            raise DependencyUnavailable(UNKNOWN)
        return title_of(route.service), await client.respond(route, made)


def metadata() -> ResponseMetadata:
    """Return the metadata for the current request."""
    if "response_metadata" not in g:
        g.response_metadata = ResponseMetadata()
    known: ResponseMetadata = g.response_metadata
    return known


def pass_on(response: FlaskResponse) -> FlaskResponse:
    """Add the headers that the gateway needs: what the response depends on, commands, gaps."""
    known = metadata()
    if known.depends_on and response.status_code == HTTPStatus.OK:
        response.headers[DEPENDS_ON] = ", ".join(sorted(known.depends_on))
    for name, values in ((COMMAND, known.commands), (GAPS, known.gaps), (SERVED_BY, known.served_by)):
        if values:
            response.headers[name] = ", ".join(dict.fromkeys(values))
    return response


def _seconds_allowed(deadline: str) -> float:
    """Return the seconds that the page's request may take, as the gateway says."""
    return int(deadline) / 1000 if deadline.isdecimal() else READ_SECONDS
