"""What a reverse proxy in front says of a request, and what it leaves behind.

Nobody's word counts but that of proxies named in TRUSTED_PROXIES: anybody can send these headers. The host
that a proxy was asked for is of no interest, as no answer names one.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from werkzeug.datastructures import Authorization

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCHEMES = ("http", "https")
PROXYS_SCHEMES = ("basic", "digest", "negotiate", "ntlm")


class TrustedProxies:
    """Addresses and networks with commas between, such as `127.0.0.1, 10.0.0.0/8`. Raises ValueError."""

    def __init__(self, given: str = "") -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        for each in filter(None, (part.strip() for part in given.split(","))):
            try:
                self._networks.append(ip_network(each, strict=False))
            except ValueError:
                raise ValueError(
                    f"TRUSTED_PROXIES takes addresses and networks with commas between, not {each!r}."
                ) from None

    def include(self, peer: str) -> bool:
        """Whether the word of whoever connects from there counts."""
        if not self._networks:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """Where a request comes from that `peer` has brought: the last address of X-Forwarded-For that is no
        trusted proxy's own, as each proxy adds the one before it and clients may have begun the list.
        """
        client = peer
        for each in reversed(forwarded_for.split(",")):
            if not self.include(client):
                break
            address = _bare(each.strip())
            if not address:
                break
            client = address
        return client


def from_proxies(application: "WSGIApplication", trusted: TrustedProxies) -> "WSGIApplication":
    """The application, told where its requests come from and by which scheme, as `trusted` proxies say; and
    not told the passwords that are for a proxy.
    """

    def take_in(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_for_a_proxy(environ.get("HTTP_AUTHORIZATION", "")):
            del environ["HTTP_AUTHORIZATION"]
        peer = environ.get("REMOTE_ADDR", "")
        if trusted.include(peer):
            environ["REMOTE_ADDR"] = trusted.client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
            environ["wsgi.url_scheme"] = scheme_of(environ.get("HTTP_X_FORWARDED_PROTO", ""))
        return application(environ, start_response)

    return take_in


def scheme_of(forwarded_proto: str) -> str:
    """The scheme that the last proxy has told; http if it has told none."""
    scheme = forwarded_proto.rpartition(",")[2].strip().lower()
    return scheme if scheme in SCHEMES else SCHEMES[0]


def is_for_a_proxy(authorization: str) -> bool:
    """Whether a header Authorization is an answer to a proxy that asks for a password of its own; browsers
    then send it with everything. We take bearer tokens only.
    """
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() not in PROXYS_SCHEMES or not credentials.strip() or not credentials.isascii():
        return False
    given = Authorization.from_header(authorization)
    return given is not None and (given.type != "digest" or "response" in given.parameters)


def _bare(told: str) -> str:
    """An address without its port; empty for what is none."""
    host, _, port = told.rpartition(":")
    if told.startswith("["):
        told = told[1:].partition("]")[0]
    elif host and ":" not in host and port.isdigit():
        told = host
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
