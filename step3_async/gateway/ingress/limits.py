"""How large a request may be, how long its body may take, and how many may be in flight at a time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request as Incoming

from kit.http.bodies import DRAINED, LARGEST_BODY
from kit.http.problems import DependencyUnavailable, Refused
from step3_async.gateway import metrics
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.ingress.responses import TooLarge, TooSlow, WrongMethod

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_TARGET, LONGEST_FIELD, MOST_FIELDS = 4000, 8000, 80
"""A little less than the servers of services accept. They would close the connection, which would look like a
failure of theirs; here it is refused in the contract's words.
"""


def require_acceptable(request: Request) -> None:
    """Raise WrongMethod for an unknown method, and Refused for an address that is no path (it would become a
    part of the host's name) and for what is too large.
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
    """Tell whether a body comes with the request."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def read_body(incoming: Incoming, seconds: float) -> bytes:
    """Return the whole body.

    Raises TooLarge, TooSlow when it has not come in `seconds`, and ClientDisconnect.
    """
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in incoming.stream():
                size += len(chunk)
                if size <= LARGEST_BODY:
                    body += chunk
                elif size > DRAINED:  # a client that is still sending when it ends never sees the response
                    break
    except TimeoutError:
        raise TooSlow("The body took too long to come.") from None
    if size > LARGEST_BODY:
        raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    return bytes(body)


class InFlight:
    """Room for `most` requests from outside at a time, once their bodies have come."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0

    @contextmanager
    def room(self, request: Request) -> Iterator[None]:
        """Hold room for a request inside the block. Raises DependencyUnavailable when there is none."""
        # Requests from inside are let through: those in flight wait for them, and would wait in vain.
        if self.count >= (2 * self._most if request.is_inner else self._most):
            metrics.REFUSED.labels("gateway").inc()
            raise DependencyUnavailable("The gateway", retry_after=1)
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
