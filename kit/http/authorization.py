"""Read the header Authorization (RFC 9110): our own bearer token, or a password that is for a proxy."""

from werkzeug.datastructures import Authorization

BEARER = "bearer"
PROXYS_SCHEMES = ("basic", "digest", "negotiate", "ntlm")


def bearer_token(authorization: str) -> str | None:
    """Return the token of a header `Bearer TOKEN`; None for any other header."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == BEARER else None


def is_for_a_proxy(authorization: str) -> bool:
    """Return whether the header is for a proxy that wants a password of its own.

    Browsers then send it with each request. We accept bearer tokens only.
    """
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() not in PROXYS_SCHEMES or not credentials.strip() or not credentials.isascii():
        return False
    given = Authorization.from_header(authorization)
    return given is not None and (given.type != "digest" or "response" in given.parameters)
