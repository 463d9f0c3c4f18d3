"""A response of a service."""

from starlette.responses import Response

RawHeaders = list[tuple[bytes, bytes]]
"""Names are in lower case, as the server and the client library have them."""


class RawResponse(Response):
    """A response with exactly these headers; Starlette's own class would add some."""

    def __init__(self, status: int, headers: RawHeaders, body: bytes = b"") -> None:
        self.status_code, self.raw_headers, self.body = status, headers, body


def as_raw(name: str) -> bytes:
    """Return a header's name as it stands in RawHeaders."""
    return name.lower().encode()


def values_of(response: Response, name: str) -> list[str]:
    """Return the values of all headers of that name. A header with commas has several."""
    values = ",".join(response.headers.getlist(name))
    return [value for each in values.split(",") if (value := each.strip())]
