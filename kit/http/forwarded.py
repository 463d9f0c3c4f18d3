"""Whose request it is that another process of ours passes on."""

from hmac import compare_digest

from flask import request

SECRET = "X-Face-Secret"  # noqa: S105 - a header's name
ADDRESS = "X-Forwarded-For"
PROTO = "X-Forwarded-Proto"


def client_address(secret: str) -> str:
    """The client's address: the word of whoever knows `secret` counts, of others only where they are."""
    given = request.headers.get(SECRET, "")
    if secret and compare_digest(given.encode(), secret.encode()):
        return request.headers.get(ADDRESS) or "unknown"
    return request.remote_addr or "unknown"
