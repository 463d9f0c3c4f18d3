"""Fetch a picture from an address that somebody else has chosen."""

import ipaddress
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from urllib.parse import urljoin, urlsplit

import PIL.Image
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeout

from kit.domain.pictures.documents import Image
from kit.http.problems import DependencyTimeout, DependencyUnavailable

CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 5.0
REDIRECTS = 3
PORTS = {"http": 80, "https": 443}
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
NAT64 = ipaddress.ip_network("64:ff9b::/96")

# getaddrinfo takes no time-out of its own, and without a network it may take half a minute.
_resolver = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


class Unfetchable(Exception):
    """There is no picture at that address that may be fetched and shown; the text says why."""


@dataclass(frozen=True)
class Target:
    """A checked address. The connection goes to `ip`, whatever the name resolves to later."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str


class Fetcher:
    """Fetches pictures of at most `max_bytes`, from public addresses and `allowed` `host:port` pairs only."""

    def __init__(self, max_bytes: int, allowed: frozenset[str] = frozenset()) -> None:
        self.max_bytes = max_bytes
        self.allowed = allowed

    def fetch(self, address: str) -> Image:
        """Fetch the picture at `address`.

        Raises Unfetchable, DependencyUnavailable (site unreachable) or DependencyTimeout.
        """
        deadline = time.monotonic() + TOTAL_SECONDS
        for _ in range(1 + REDIRECTS):
            target = self.check(address)
            try:
                found = self._get(target, deadline)
            except HTTPTimeout as error:
                # Of a refused connection, too, urllib3 says that it is a kind of time-out.
                if isinstance(error, NewConnectionError):
                    raise DependencyUnavailable(target.host, retry_after=30) from error
                raise DependencyTimeout(target.host) from error
            except (HTTPError, OSError) as error:
                raise DependencyUnavailable(target.host, retry_after=30) from error
            if isinstance(found, bytes):
                return self._as_image(found)
            address = urljoin(address, found)
        raise Unfetchable("The picture's address leads from one redirect to the next.")

    def check(self, address: str) -> Target:
        """Resolve `address`. Raises Unfetchable unless it is http(s) at a public address."""
        try:
            parts = urlsplit(address)
            scheme, host = parts.scheme, parts.hostname or ""
            port = parts.port or PORTS.get(scheme, 0)
        except ValueError:
            raise Unfetchable("The picture's address is malformed.") from None
        if scheme not in PORTS or not host or parts.username is not None:
            raise Unfetchable("The picture's address is not one that we fetch: only plain http and https.")
        allowed = f"{host}:{port}" in self.allowed
        if port not in PORTS.values() and not allowed:
            raise Unfetchable("The picture's address names an unusual port, so it is not fetched.")
        ips = _resolve(host, port)
        if not allowed and not all(_is_public(ip) for ip in ips):
            raise Unfetchable("The picture's address is private, so it is not fetched.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(scheme, host, port, ips[0], path)

    def _get(self, target: Target, deadline: float) -> bytes | str:
        """Return the bytes at `target`, or the address to which it redirects."""
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, total=max(0.1, deadline - time.monotonic()))
        with _pool(target, timeout) as pool:
            response = pool.urlopen(
                "GET",
                urllib3.util.parse_url(target.path).url,
                headers={"Host": _host_header(target), "Accept": "image/*", "Accept-Encoding": "identity"},
                redirect=False,
                retries=False,
                preload_content=False,
                assert_same_host=False,
            )
            try:
                location = response.get_redirect_location()
                if location:
                    return location
                if response.status != 200:
                    raise Unfetchable(f"The other site responds with {response.status} for the picture.")
                return self._read(response, target, deadline)
            finally:
                response.close()

    def _read(self, response: urllib3.BaseHTTPResponse, target: Target, deadline: float) -> bytes:
        content = bytearray()
        declared = response.headers.get("Content-Length", "0")
        while True:
            if len(content) > self.max_bytes or (declared.isdecimal() and int(declared) > self.max_bytes):
                raise Unfetchable(f"The picture is larger than {self.max_bytes} bytes.")
            if time.monotonic() > deadline:
                raise DependencyTimeout(target.host)
            chunk = response.read1(65536)
            if not chunk:
                return bytes(content)
            content += chunk

    def _as_image(self, content: bytes) -> Image:
        try:
            with PIL.Image.open(BytesIO(content), formats=FORMATS) as picture:
                media_type = PIL.Image.MIME[picture.format or ""]
                picture.verify()
        except Exception as error:  # Pillow's decoders raise many kinds for broken files
            raise Unfetchable(
                "What is there is not a picture that we show (PNG, JPEG, GIF or WebP)."
            ) from error
        return Image(content, media_type, blake2b(content, digest_size=16).hexdigest())


def _resolve(host: str, port: int) -> list[str]:
    pending = _resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = pending.result(timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise DependencyTimeout(host) from error
    except (OSError, UnicodeError) as error:
        raise DependencyUnavailable(host, retry_after=30) from error
    return [str(info[4][0]) for info in found]


def _is_public(text: str) -> bool:
    ip = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address are as public as the one they carry.
        if ip in NAT64:
            return _is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if carried:
            return _is_public(str(carried))
    return ip.is_global and not ip.is_multicast


def _pool(target: Target, timeout: urllib3.Timeout) -> urllib3.HTTPConnectionPool:
    if target.scheme == "https":
        return urllib3.HTTPSConnectionPool(
            target.ip, target.port, timeout=timeout, server_hostname=target.host, assert_hostname=target.host
        )
    return urllib3.HTTPConnectionPool(target.ip, target.port, timeout=timeout)


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == PORTS[target.scheme] else f"{host}:{target.port}"
