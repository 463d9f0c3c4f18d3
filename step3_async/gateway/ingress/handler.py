"""The ASGI application: responds from the cache where it can, and lets the dispatcher respond to the rest."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import cast

import structlog
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.clients.discovery import JWKS
from kit.http.errors import error_body
from kit.http.headers import REQUEST_ID
from kit.http.problems import DependencyUnavailable, Problem
from step3_async.client.request import READING
from step3_async.client.response import as_raw
from step3_async.gateway import metrics
from step3_async.gateway.admin import AdminEndpoints
from step3_async.gateway.cache.coalescing import Coalescing
from step3_async.gateway.cache.response_cache import ResponseCache
from step3_async.gateway.dispatcher import Dispatcher
from step3_async.gateway.ingress.limits import has_body, read_body, require_acceptable
from step3_async.gateway.ingress.request import CacheKey, Parser, Request
from step3_async.gateway.ingress.responses import (
    apply_conditions,
    as_response,
    for_clients,
    json_response,
)
from step3_async.gateway.settings import GatewaySettings

CACHED = "cached"
"""The label by which metrics count responses from the cache."""

CLOSE = (b"connection", b"close")
WATCH_AFTER_SECONDS = 0.1

_REQUEST_ID = as_raw(REQUEST_ID)

log = structlog.stdlib.get_logger(__name__)


class Handler:
    """Handles requests. `in_flight` is the number of those whose bodies have come and that have no response.

    While `draining`, each connection is closed after its next response.
    """

    def __init__(
        self,
        parser: Parser,
        cache: ResponseCache,
        admin: AdminEndpoints,
        dispatcher: Dispatcher,
        settings: GatewaySettings,
    ) -> None:
        self._parser, self._admin, self._dispatcher = parser, admin, dispatcher
        self._cache, self._coalescing = cache, Coalescing(cache)
        self._body_seconds, self._own_port = settings.body_seconds, settings.port
        self._most_in_flight, self.in_flight = settings.requests_at_once, 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = self._parser.parse(scope)
        try:
            response = await self._respond(request, scope, receive)
        except ClientDisconnect:
            return
        except Problem as problem:
            response = as_response(problem, request)
            self._log(request, response)
        except Exception:
            log.exception("unexpected error", method=request.method, path=request.path)
            body = error_body(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.", None)
            response = json_response(body, HTTPStatus.INTERNAL_SERVER_ERROR)
        status = response.status_code
        headers = [*response.raw_headers, (_REQUEST_ID, request.id.encode())]
        if self.draining:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
        count, seconds = metrics.request_series(request.method, request.label, status)
        count.inc()
        seconds.observe(time.monotonic() - request.began)

    async def _respond(self, request: Request, scope: Scope, receive: Receive) -> Response:
        """Return the response. Raises Problems, and ClientDisconnect."""
        key = None if self._cache.bypassed else request.cache_key
        if key is not None and (kept := self._cache.get(key)) is not None:
            request.label = CACHED
            return apply_conditions(request, kept)
        require_acceptable(request)
        if self._admin.has(request.path) or scope["server"][1] == self._own_port:
            return self._admin.respond(request)
        self._dispatcher.find_route(request)
        if has_body(request):  # which takes no room until it has come
            request.body = await read_body(Incoming(scope, receive), self._body_seconds)
            request.ends_at = time.monotonic() + request.seconds
        if self.in_flight >= self._most_in_flight:
            metrics.REFUSED.inc()
            raise DependencyUnavailable("The gateway", retry_after=1)
        self.in_flight += 1
        try:
            response = await self._dispatch(request, key, receive)
        finally:
            self.in_flight -= 1
        return for_clients(response)

    async def _dispatch(self, request: Request, key: CacheKey | None, receive: Receive) -> Response:
        if request.method not in READING:  # a command that has begun is finished, whoever waits for it
            return await self._dispatcher.respond(request)
        with cancelled_when_client_leaves(receive):
            if key is None or request.method != "GET":
                response = await self._dispatcher.respond(request)
            else:
                shared = await self._coalescing.fetch(
                    key, request.seconds_left, lambda: self._dispatcher.respond(request.unconditional())
                )
                response = apply_conditions(request, shared)
        return response

    def _log(self, request: Request, response: Response) -> None:
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            is_startup = request.path.endswith(JWKS)  # services request keys until members is there
            log.log(
                logging.DEBUG if is_startup else logging.WARNING,
                "request",
                request_id=request.id,
                method=request.method,
                path=request.path,
                route=request.label,
                status=response.status_code,
                milliseconds=round((time.monotonic() - request.began) * 1000, 1),
            )


@contextmanager
def cancelled_when_client_leaves(receive: Receive) -> Iterator[None]:
    """Cancel the block when the client disconnects, and raise ClientDisconnect."""
    task, loop = cast("asyncio.Task[None]", asyncio.current_task()), asyncio.get_running_loop()
    watchers: list[asyncio.Task[None]] = []
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        while (await receive())["type"] != "http.disconnect":
            pass
        has_left = True
        task.cancel()

    # Most requests are over by then, and need no task that watches.
    timer = loop.call_later(WATCH_AFTER_SECONDS, lambda: watchers.append(loop.create_task(watch())))
    try:
        yield
    except asyncio.CancelledError:
        if has_left and task.uncancel() == 0:
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        for each in watchers:
            each.cancel()
