"""Requests sent byte for byte, as no well-behaved client would."""

import socket
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

TIMEOUT = 30.0


@dataclass(frozen=True)
class RawResponse:
    """A response; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Return whether the media type is JSON."""
        return self.headers.get("content-type", "").startswith("application/json")


def send(url: str, content: bytes, *, source: str | None = None, head: bool = False) -> RawResponse | None:
    """Send these bytes and nothing more, and return the response; None if the other side only closes."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    with socket.create_connection(address, TIMEOUT, (source, 0) if source else None) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has received enough, and has perhaps responded
        response = HTTPResponse(connection, method="HEAD" if head else "GET")
        try:
            response.begin()
            body = response.read()
        except (HTTPException, ConnectionError):
            return None
        headers = {name.lower(): value for name, value in response.getheaders()}
        return RawResponse(response.status, headers, body)
