"""Limit the size of requests, and the time that a body may take to come."""

import asyncio

from starlette.requests import Request as Incoming

from kit.http.bodies import DRAINED, LARGEST_BODY
from kit.http.problems import Refused, TooLarge
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.ingress.responses import TooSlow, WrongMethod

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_TARGET, LONGEST_FIELD, MOST_FIELDS = 4000, 8000, 80
"""The largest address and header in bytes, and the most headers: a little less than services accept. A
service would close the connection, which would look like its failure; the gateway responds as the contract
demands.
"""


def require_acceptable(request: Request) -> None:
    """Raise WrongMethod for an unknown method, and Refused for an address or headers that are too large.

    An address that does not begin with a slash is refused, too: it would become a part of the host's name.
    """
    if request.method not in METHODS:
        raise WrongMethod(", ".join(sorted(METHODS)))
    if not request.path.startswith("/"):
        raise Refused("The address must be a path.")
    if len(request.target) > LONGEST_TARGET:
        raise Refused("The address is too long.")
    fields = request.headers.items()
    if len(fields) > MOST_FIELDS or any(len(name) + len(value) > LONGEST_FIELD for name, value in fields):
        raise Refused("The headers are too large.")


def has_body(request: Request) -> bool:
    """Return whether the request has a body."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def read_body(incoming: Incoming, seconds: float) -> bytes:
    """Return the whole body.

    Raises TooLarge, TooSlow when it has not come in `seconds`, and ClientDisconnect.
    """
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(seconds):
            # More than is kept is read: a client that is still sending at the end never sees the response.
            async for chunk in incoming.stream():
                size += len(chunk)
                if size <= LARGEST_BODY:
                    body += chunk
                elif size > DRAINED:
                    break
    except TimeoutError:
        raise TooSlow("The body took too long to come.") from None
    if size > LARGEST_BODY:
        raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    return bytes(body)
