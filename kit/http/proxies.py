"""Find out where a request comes from: the client's address and scheme, also behind proxies.

Headers say that, but anybody can send them. They count only from two kinds of senders: from proxies whose
addresses TRUSTED_PROXIES names, and from our own processes, which know the face secret. The host in a request
does not matter, as no response names one.
"""

from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from kit.http.authorization import is_for_a_proxy
from kit.http.headers import FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCHEMES = ("http", "https")


class TrustedProxies:
    """The proxies to trust: addresses and networks with commas between them, such as `127.0.0.1, 10.0.0.0/8`.

    Raises ValueError for anything else.
    """

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
        """Return whether to trust the headers of a client at this address."""
        if not self._networks:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return the address of the client of a request that came from `peer`.

        That is the last address of X-Forwarded-For that is no trusted proxy's own: each proxy adds the one
        before it, and clients may have begun the list.
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


def trust_forwarded_headers(
    application: "WSGIApplication", trusted: TrustedProxies, face_secret: str = ""
) -> "WSGIApplication":
    """Wrap `application` so that it finds the client's address and scheme in the usual places.

    A process of ours names the client for whom it sends a request. A `trusted` proxy adds its client to a
    list. The face secret, and passwords that are for a proxy, do not reach the application.
    """

    def apply_trust(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_for_a_proxy(environ.get("HTTP_AUTHORIZATION", "")):
            del environ["HTTP_AUTHORIZATION"]
        peer = environ.get("REMOTE_ADDR", "")
        forwarded_for = environ.get(_key(FORWARDED_FOR), "")
        given_secret = environ.pop(_key(FACE_SECRET), "")
        is_ours = face_secret and compare_digest(given_secret.encode("latin-1"), face_secret.encode())
        if is_ours and forwarded_for:
            environ["REMOTE_ADDR"] = forwarded_for
            environ["wsgi.url_scheme"] = scheme_of(environ.get(_key(FORWARDED_PROTO), ""))
        elif trusted.include(peer):
            environ["REMOTE_ADDR"] = trusted.client(peer, forwarded_for)
            environ["wsgi.url_scheme"] = scheme_of(environ.get(_key(FORWARDED_PROTO), ""))
        return application(environ, start_response)

    return apply_trust


def scheme_of(forwarded_proto: str) -> str:
    """Read the scheme that the last proxy names; http if it names none."""
    scheme = forwarded_proto.rpartition(",")[2].strip().lower()
    return scheme if scheme in SCHEMES else SCHEMES[0]


def _key(header: str) -> str:
    """Return the name of a header in WSGI's environment."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def _bare(address: str) -> str:
    """Return an address without its port; "" if it is not an address."""
    host, _, port = address.rpartition(":")
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif host and ":" not in host and port.isdigit():
        address = host
    try:
        return str(ip_address(address))
    except ValueError:
        return ""
