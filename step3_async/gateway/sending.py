"""Sending a request to an instance, and reading its answer."""

from contextlib import nullcontext
from dataclasses import dataclass

from aiohttp import (
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from multidict import CIMultiDict
from yarl import URL

from kit.http.problems import Refused
from step3_async.gateway import tracing
from step3_async.gateway.forwarding import passed_back
from step3_async.gateway.messages import Answer

LARGEST = 4 * 1024 * 1024
CONNECT_SECONDS = 2.0

KEPT_SECONDS = 10.0
"""How long idle connections are kept: less than services keep theirs (see `kit.server.config`)."""

AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(slots=True)
class Call:
    """What to ask a service. `limit` are the seconds it may take, if others than usual; `compartment` is the
    kind of page, for `web`. `headers` are the request's that go along.
    """

    service: str
    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes = b""
    limit: float | None = None
    compartment: str = ""


class Sender:
    """Sends over `session`."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self._traces = tracing.is_on()

    async def send(self, call: Call, url: str) -> Answer:
        """The answer of the instance at `url`. Raises aiohttp's ClientError, and Refused for what cannot be
        sent at all.
        """
        span = tracing.client_span(call.method, call.service, call.headers) if self._traces else nullcontext()
        with span as noted:
            try:
                async with self._session.request(
                    call.method,
                    URL(url + call.target, encoded=True),
                    headers=call.headers,
                    data=call.body or None,
                    allow_redirects=False,
                ) as answer:
                    body = await _whole(answer)
            except InvalidURL:
                raise Refused("The address is malformed.") from None
            except ValueError:
                raise Refused("A header holds control characters.") from None
            if noted is not None:
                tracing.tell_status(noted, answer.status)
            headers = passed_back(answer.raw_headers, call.method, answer.status, len(body))
            return Answer(answer.status, headers, body)


def make_session() -> ClientSession:
    """A session for all calls of a process, without cookies or a limit of its own; close it in the end."""
    return ClientSession(
        connector=TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        auto_decompress=False,
        skip_auto_headers=AUTOMATIC,
    )


async def _whole(answer: ClientResponse) -> bytes:
    """The answer's body. Raises ClientPayloadError for one that is cut off or too large."""
    announced = answer.content_length
    if announced is not None and announced <= LARGEST:
        return await answer.read()
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            answer.close()
            raise ClientPayloadError(f"the answer is larger than {LARGEST} bytes")
    return bytes(body)
