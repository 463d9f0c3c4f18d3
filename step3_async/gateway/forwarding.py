"""What of a request goes along with a call, and what of an answer comes back."""

from collections.abc import Iterable

from multidict import CIMultiDict

from kit.http.headers import FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO, SERVICE_VERSION
from step3_async.gateway.deadline import HEADER as DEADLINE
from step3_async.gateway.messages import Asked, Headers, name_of

BELIEVED_BY = frozenset({"web", "members"})
"""Those who look at the client's address or scheme, and know the secret that makes our word count."""

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    b"transfer-encoding upgrade".split()
)
OURS_TO_SAY = frozenset(
    b"content-length accept-encoding expect prefer settle deadline-ms x-face-secret own-marks forwarded "
    b"x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-prefix x-real-ip "
    b"x-request-id traceparent service-version command depends-on gaps served-by".split()
)
NOT_PASSED_ON = HOP_BY_HOP | OURS_TO_SAY
CONDITIONS = frozenset(b"if-none-match if-modified-since if-match if-unmodified-since range".split())
NOT_PASSED_BACK = HOP_BY_HOP | {b"date", b"server", b"x-request-id"}


def passed_on(asked: Asked, but: frozenset[bytes] = frozenset()) -> CIMultiDict[str]:
    """The request's own headers for a call that is made for it, without those in `but`."""
    dropped = NOT_PASSED_ON | but if but else NOT_PASSED_ON
    connection = asked.named.get(b"connection")
    if connection is not None and connection.lower() not in (b"keep-alive", b"close"):
        dropped |= {each.strip() for each in connection.lower().split(b",")}
    return CIMultiDict(
        [
            (name.decode(), value.decode() if value.isascii() else _text(value))
            for name, value in asked.headers
            if name not in dropped
        ]
    )


def add_ours(
    headers: CIMultiDict[str], asked: Asked, service: str, secret: str, seconds: float
) -> CIMultiDict[str]:
    """Add what the gateway says itself to the headers of a call to `service` that may take `seconds`."""
    headers["X-Request-ID"] = asked.request_id
    headers["traceparent"] = asked.traceparent
    headers[DEADLINE] = asked.deadline.milliseconds(seconds)
    if asked.versions:
        headers[SERVICE_VERSION] = ",".join(f"{name}={version}" for name, version in asked.versions.items())
    if service in BELIEVED_BY and secret:
        headers[FORWARDED_FOR], headers[FORWARDED_PROTO], headers[FACE_SECRET] = (
            asked.client,
            asked.scheme,
            secret,
        )
    return headers


def passed_back(raw: Iterable[tuple[bytes, bytes]], method: str, status: int, length: int) -> Headers:
    """The headers of an answer, for a body of `length` bytes that was read of it."""
    headers = [(name, value) for key, value in raw if (name := name_of(key)) not in NOT_PASSED_BACK]
    if method == "HEAD" or status == 304:
        return headers
    headers = [each for each in headers if each[0] != b"content-length"]
    if status != 204:
        headers.append((b"content-length", b"%d" % length))
    return headers


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
