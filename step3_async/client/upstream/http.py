"""The HTTP client: sends a request to an instance and reads its response."""

from functools import lru_cache

from aiohttp import (
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
    TraceConfig,
)
from multidict import CIMultiDict
from starlette.responses import Response
from yarl import URL

from kit.http.headers import FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO, REQUEST_ID, SERVICE_VERSION
from kit.http.problems import Refused
from step3_async.client.request import INTERNAL, Request, joined, without
from step3_async.client.response import RawResponse, as_raw
from step3_async.client.routing.routes import Route
from step3_async.rapids.headers import DEADLINE
from step3_async.rapids.tracing import TRACEPARENT

LARGEST_BODY = 4 * 1024 * 1024
CONNECT_SECONDS = 2.0
KEPT_SECONDS = 10.0
"""How long idle connections are kept: less than services keep theirs (see `kit.server.config`)."""

AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

# fmt: off
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})
SET_BY_US = frozenset({
    "content-length", "accept-encoding", "expect", "prefer", "forwarded", "x-forwarded-host",
    "x-forwarded-port", "x-forwarded-prefix", "x-real-ip",
    REQUEST_ID.lower(), TRACEPARENT, SERVICE_VERSION.lower(),
})
# fmt: on
NOT_FORWARDED = HOP_BY_HOP | INTERNAL | SET_BY_US
NOT_RETURNED = {as_raw(each) for each in (*HOP_BY_HOP, "date", "server", REQUEST_ID)}


def headers_for(route: Route, request: Request, secret: str, seconds: float) -> CIMultiDict[str]:
    """Return the headers to send to the service of `route`: the client's, and those that the gateway adds.

    The service learns that it has `seconds` to respond.
    """
    dropped = NOT_FORWARDED
    connection = joined(request.headers, "connection").lower()
    if connection not in ("", "keep-alive", "close"):
        dropped |= {each.strip() for each in connection.split(",")}
    headers = without(request.headers, dropped)
    headers[REQUEST_ID] = request.id
    headers[TRACEPARENT] = request.traceparent
    headers[DEADLINE] = str(int(seconds * 1000))
    if request.versions:
        headers[SERVICE_VERSION] = ",".join(f"{name}={version}" for name, version in request.versions.items())
    if route.path.trusts_gateway and secret:
        headers[FORWARDED_FOR] = request.client
        headers[FORWARDED_PROTO] = request.scheme
        headers[FACE_SECRET] = secret
    return headers


def make_session(traces: list[TraceConfig]) -> ClientSession:
    """Return a session for all calls of a process, without cookies or a limit of its own."""
    return ClientSession(
        connector=TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        auto_decompress=False,
        skip_auto_headers=AUTOMATIC,
        trace_configs=traces,
    )


async def send(
    session: ClientSession, route: Route, request: Request, headers: CIMultiDict[str], url: str
) -> Response:
    """Return the response of the instance at `url`.

    Raises aiohttp's ClientError, and Refused for what cannot be sent at all.
    """
    try:
        async with session.request(
            request.method,
            URL(url + route.target_of(request.target), encoded=True),
            headers=headers,
            data=request.body or None,
            allow_redirects=False,
        ) as response:
            body = await _read(response)
    except InvalidURL:
        raise Refused("The address is malformed.") from None
    except ValueError:
        raise Refused("A header holds control characters.") from None
    returned = [
        (name, value) for key, value in response.raw_headers if (name := _lower_case(key)) not in NOT_RETURNED
    ]
    if response.content_length is None and body:  # it came in chunks
        returned.append((b"content-length", b"%d" % len(body)))
    return RawResponse(response.status, returned, body)


async def _read(response: ClientResponse) -> bytes:
    """Return the body. Raises ClientPayloadError for one that is cut off or too large."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            response.close()
            raise ClientPayloadError(f"the response is larger than {LARGEST_BODY} bytes")
    return bytes(body)


@lru_cache(maxsize=1024)
def _lower_case(name: bytes) -> bytes:
    # Cached, as the same few names come again and again.
    return name.lower()
