"""The face: the ASGI application in front of all of step 3."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from step3_async.gateway import metrics
from step3_async.gateway.attending import Attending, Visit
from step3_async.gateway.bodies import Receive
from step3_async.gateway.cache import Cache, Entry, Key
from step3_async.gateway.conditions import ABOUT_THE_BODY, is_known
from step3_async.gateway.messages import READING, REQUEST_ID, Headers
from step3_async.gateway.reception import Arrival, Reception, Scope, request_id_of

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CLOSE = (b"connection", b"close")


class Face:
    """Answers from the cache what it can, and has all else attended to.

    While `draining`, connections are closed after their next answer.
    """

    def __init__(self, reception: Reception, cache: Cache, attending: Attending) -> None:
        self._reception, self._cache, self._attending = reception, cache, attending
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] != "http":
            return
        arrival = self._reception.arrive(scope)
        visit = Visit(scope, receive, arrival, time.perf_counter())
        visit.request_id = request_id_of(arrival.named)
        visit.versions = self._reception.versions(arrival.named)
        if _is_for_all(arrival) and not self._cache.bypassed:
            visit.key = _key(visit)
            entry = self._cache.get(visit.key)
            if entry is not None:
                await self._send_entry(visit, entry, send)
                return
        answer = await self._attending.to(visit)
        if answer is not None:
            await self._send(send, answer.status, answer.headers, answer.body, visit)

    async def _send_entry(self, visit: Visit, entry: Entry, send: Send) -> None:
        _HITS.inc()
        status, headers, body = 200, entry.headers, entry.body
        known = visit.arrival.named.get(b"if-none-match")
        if known is not None and entry.etag is not None and is_known(known, entry.etag):
            status, body = 304, b""
            headers = [each for each in headers if each[0] not in ABOUT_THE_BODY]
        await self._send(send, status, headers, body, visit)

    async def _send(self, send: Send, status: int, headers: Headers, body: bytes, visit: Visit) -> None:
        sent = [*headers, (REQUEST_ID, visit.request_id.encode())]
        if self.draining:
            sent.append(CLOSE)
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})
        count, seconds = metrics.request_series(visit.scope["method"], visit.route, status)
        count.inc()
        seconds.observe(time.perf_counter() - visit.started)


_HITS = metrics.CACHE.labels("hit")


def _is_for_all(arrival: Arrival) -> bool:
    named, is_reading = arrival.named, arrival.method in READING
    return is_reading and b"authorization" not in named and b"cookie" not in named and b"settle" not in named


def _key(visit: Visit) -> Key:
    arrival, versions = visit.arrival, visit.versions
    accept = arrival.named.get(b"accept", b"")
    return arrival.path, arrival.query, accept, tuple(versions.items()) if versions else ()
