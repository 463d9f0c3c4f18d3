"""Reading the bodies of requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from kit.http.bodies import DRAINED, LARGEST_BODY
from kit.http.problems import Refused
from step3_async.gateway.problems import TooLarge, TooSlow

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Disconnected(Exception):
    """The client has left."""


def has_body(named: Mapping[bytes, bytes]) -> bool:
    """Whether a request with these headers has one."""
    return named.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in named


async def read_body(receive: Receive, named: Mapping[bytes, bytes], seconds: float) -> bytes:
    """The body, whole. Raises TooLarge, TooSlow when it has not come in `seconds`, and Disconnected."""
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, named)
    except TimeoutError:
        raise TooSlow("The body took too long to come.") from None


async def _read(receive: Receive, named: Mapping[bytes, bytes]) -> bytes:
    announced = named.get(b"content-length")
    if announced is not None and not announced.isdigit():
        raise Refused("Content-Length is no number.")
    body = bytearray()
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        size += len(message.get("body", b""))
        more = bool(message.get("more_body"))
        if size <= LARGEST_BODY:
            body += message.get("body", b"")
        # A client that is still sending when the connection closes never sees the answer.
        elif not more or size > DRAINED:
            raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    return bytes(body)
