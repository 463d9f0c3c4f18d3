"""The instances behind a name, as a name server knows them: containers of one service share its name.

A name server lists an instance from its start on, and no longer once it is gone. Its addresses are therefore
asked whether they are ready, until they are.
"""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

REFRESH_SECONDS = 1.0
"""How old the addresses of a name may be."""

CHECK_SECONDS = 1.0
READY = "/health/ready"


@dataclass(frozen=True)
class Found:
    """The addresses of instances that are ready, and of those that are not ready yet."""

    urls: tuple[str, ...] = ()
    filling: tuple[str, ...] = ()


def resolve(url: str) -> list[str]:
    """Return a URL with each address of its host in place of the name, none if it is unknown."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except OSError:
        return []
    hosts = sorted({str(address[0]) for *_, address in found})
    literals = [f"[{host}]" if ":" in host else host for host in hosts]
    return [f"{parts.scheme}://{each}:{parts.port or 80}" for each in literals]


def is_ready(url: str) -> bool:
    """Return whether an instance says that it is ready."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=CHECK_SECONDS)
    try:
        connection.request("GET", READY)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class Names:
    """Looks names up when they are first used, and again once a second, in a thread."""

    def __init__(
        self,
        resolve: Callable[[str], list[str]] = resolve,
        is_ready: Callable[[str], bool] = is_ready,
    ) -> None:
        self._resolve, self._is_ready = resolve, is_ready
        self._found: dict[str, Found] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def find(self, url: str) -> Found:
        """Return the instances behind the host of a URL."""
        found = self._found.get(url)
        if found is None:
            with self._lock:
                found = self._found.get(url) or self._look_up(url)
                if self._thread is None or not self._thread.is_alive():  # as in a process that was forked
                    self._thread = threading.Thread(target=self._run, name="names", daemon=True)
                    self._thread.start()
        return found

    def refresh(self) -> None:
        """Look up all names again that were used so far."""
        for url in [*self._found]:
            self._look_up(url)

    def _look_up(self, url: str) -> Found:
        known = {*self._found.get(url, Found()).urls}
        addresses = self._resolve(url)
        ready = {each for each in addresses if each in known or self._is_ready(each)}
        found = Found(
            tuple(each for each in addresses if each in ready),
            tuple(each for each in addresses if each not in ready),
        )
        self._found[url] = found
        return found

    def _run(self) -> None:
        while True:
            time.sleep(REFRESH_SECONDS)
            self.refresh()
