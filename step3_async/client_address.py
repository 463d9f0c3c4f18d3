"""Clients' addresses and schemes, as the gateway tells them."""

from collections.abc import Iterable
from hmac import compare_digest
from typing import TYPE_CHECKING

from kit.http.forwarded import ADDRESS, PROTO, SECRET
from kit.http.proxies import scheme_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def believing(application: "WSGIApplication", secret: str) -> "WSGIApplication":
    """The application, told that a request comes from the address that X-Forwarded-For names, by the scheme
    of X-Forwarded-Proto, if whoever passes it on knows the secret.
    """

    def believe(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        given = environ.pop(_key(SECRET), "")
        address = environ.get(_key(ADDRESS))
        if address and secret and compare_digest(given.encode("latin-1"), secret.encode()):
            environ["REMOTE_ADDR"] = address
            environ["wsgi.url_scheme"] = scheme_of(environ.get(_key(PROTO), ""))
        return application(environ, start_response)

    return believe


def _key(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"
