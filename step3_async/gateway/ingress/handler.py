"""The ASGI application: responds from the cache where it can, and lets the dispatcher respond to the rest."""

import asyncio
import logging
import time
from http import HTTPStatus
from types import TracebackType

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.clients.discovery import JWKS
from kit.http.errors import error_body
from kit.http.problems import Problem
from step3_async.gateway import metrics
from step3_async.gateway.admin import AdminEndpoints
from step3_async.gateway.cache.coalescing import Coalescing
from step3_async.gateway.cache.response_cache import ResponseCache
from step3_async.gateway.dispatcher import Dispatcher
from step3_async.gateway.ingress.limits import InFlight, has_body, read_body, require_acceptable
from step3_async.gateway.ingress.request import READING, REQUEST_ID, CacheKey, Parser, Request, as_raw
from step3_async.gateway.ingress.responses import as_conditions_say, as_response, for_clients, json_response

CACHED = "cached"
"""What metrics call the route of a response from the cache."""

CLOSE = (b"connection", b"close")
WATCH_AFTER_SECONDS = 0.1

_REQUEST_ID = as_raw(REQUEST_ID)
_HITS = metrics.CACHE.labels("hit")

log = structlog.stdlib.get_logger(__name__)


class Handler:
    """Handles requests. While `draining`, each connection is closed after its next response."""

    def __init__(
        self,
        parser: Parser,
        cache: ResponseCache,
        admin: AdminEndpoints,
        dispatcher: Dispatcher,
        *,
        requests_at_once: int,
        body_seconds: float,
        own_port: int,
    ) -> None:
        self._parser, self._admin, self._dispatcher = parser, admin, dispatcher
        self._cache, self._coalescing = cache, Coalescing(cache)
        self._body_seconds, self._own_port = body_seconds, own_port
        self.in_flight = InFlight(requests_at_once)
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = self._parser.parse(scope)
        key = None if self._cache.bypassed else request.cache_key
        response: Response | None = None
        if key is not None and (kept := self._cache.get(key)) is not None:
            _HITS.inc()
            request.label = CACHED
            response = as_conditions_say(request, kept)
        else:
            response = await self._respond(request, key, scope, receive)
        if response is not None:
            await self._send(send, request, response)

    async def _send(self, send: Send, request: Request, response: Response) -> None:
        status = response.status_code
        headers = [*response.raw_headers, (_REQUEST_ID, request.id.encode())]
        if self.draining:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
        count, seconds = metrics.request_series(request.method, request.label, status)
        count.inc()
        seconds.observe(time.monotonic() - request.began)

    async def _respond(
        self, request: Request, key: CacheKey | None, scope: Scope, receive: Receive
    ) -> Response | None:
        """Return the response; None when the client has left."""
        try:
            require_acceptable(request)
            if self._admin.has(request.path) or self._is_at_own_port(scope):
                request.label = request.path if self._admin.has(request.path) else "none"
                return self._admin.respond(request)
            self._dispatcher.find_route(request)
            self.in_flight.require_room(request)
            if has_body(request):  # which takes no room until it has come
                request.body = await read_body(receive, request, self._body_seconds)
                request.ends_at = time.monotonic() + request.seconds
            with self.in_flight.room(request):
                return await self._dispatch(request, key, receive)
        except ClientDisconnect:
            return None
        except Problem as problem:
            response = as_response(problem, request)
            self._log(request, response)
            return response
        except Exception:
            log.exception("unexpected error", method=request.method, path=request.path)
            return json_response(
                error_body(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.", None), 500
            )

    async def _dispatch(self, request: Request, key: CacheKey | None, receive: Receive) -> Response | None:
        if request.method not in READING:  # a command that has begun is finished, whoever waits for it
            return _visible(request, await self._dispatcher.respond(request))
        async with CancelledWhenClientLeaves(receive):
            if key is None or request.method != "GET":
                return _visible(request, await self._dispatcher.respond(request))
            shared = await self._coalescing.fetch(
                key, request.seconds_left, lambda: self._dispatcher.respond(request.unconditional())
            )
            return _visible(request, as_conditions_say(request, shared))
        return None

    def _is_at_own_port(self, scope: Scope) -> bool:
        server = scope.get("server") or ("", 0)
        return bool(server[1] == self._own_port)

    def _log(self, request: Request, response: Response) -> None:
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            is_startup = request.path.endswith(JWKS)  # services ask for keys until members is there
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


def _visible(request: Request, response: Response) -> Response:
    return response if request.is_inner else for_clients(response)


class CancelledWhenClientLeaves:
    """A context that ends when the client disconnects: what is done in it is cancelled."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._left = False

    async def __aenter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        # Most requests are over by then, and need no task that watches.
        self._timer = loop.call_later(WATCH_AFTER_SECONDS, self._start_watching)

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._left and kind is asyncio.CancelledError and self._task is not None:
            return self._task.uncancel() == 0
        return False

    def _start_watching(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        if self._task is not None:
            self._task.cancel()
