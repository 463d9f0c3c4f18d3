"""Where the instances of services are: a file that says so, and is read again when it changes.

The file is JSON: `{"search": {"v2": {"share": 90, "urls": ["http://…"]}, "v1": {"share": 10, "urls": […]}}}`.
Instances that are yet to be filled before they may be asked anything are in a list `filling` beside `urls`.
Whoever starts and stops instances replaces it in one step; callers need not be told, nor started again.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from flask import has_request_context, request

from kit.http.problems import Refused

HEADER = "Service-Version"
"""Asks for versions, such as `search=v1`, with commas between several; otherwise each version has its share.
"""

SERVED_BY = "Served-By"
"""Names the instance that answered, and its version."""

JWKS = "/.well-known/jwks.json"
"""Where a service that mints tokens publishes their public keys."""

Known = dict[str, dict[str, dict[str, Any]]]


class Services:
    """The services file at `path`."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._seen: tuple[int, int] | None = None
        self._known: Known = {}

    def known(self) -> Known:
        """What the file says now; what it said last if it cannot be read."""
        try:
            state = self._path.stat()
            seen = (state.st_mtime_ns, state.st_ino)
            if seen != self._seen:
                self._known = orjson.loads(self._path.read_bytes())
                self._seen = seen
        except (OSError, ValueError):
            pass
        return self._known

    def finder(self, service: str) -> Callable[[], list[str]]:
        """Gives the addresses of a service, best first, each time it is called; see `urls`."""
        return lambda: self.urls(service)

    def filler(self, service: str) -> Callable[[], list[str]]:
        """The same for whoever fills stores: of all versions, which share one, and of instances that are yet
        to be filled, too.
        """

        def urls() -> list[str]:
            versions = self.known().get(service, {}).values()
            ready = [url for told in versions for url in told["urls"]]
            filling = [url for told in versions for url in told.get("filling", ())]
            return [*random.sample(ready, len(ready)), *filling]

        return urls

    def urls(self, service: str) -> list[str]:
        """The addresses of one version's instances in a random order: of the version that the request being
        answered asks for, else of one drawn by the versions' shares. Raises Refused for an unknown version.
        """
        versions = self.known().get(service, {})
        asked = asked_version(service)
        if asked is not None and asked not in versions:
            raise Refused(f"There is no {service} {asked}; there is: {', '.join(sorted(versions))}.")
        chosen = [asked] if asked else _drawn(versions)
        urls: list[str] = versions[chosen[0]]["urls"] if chosen else []
        return random.sample(urls, len(urls))


def asked_version(service: str) -> str | None:
    """The version of a service that the request being answered asks for."""
    if not has_request_context() or HEADER not in request.headers:
        return None
    for each in request.headers[HEADER].split(","):
        name, _, version = each.partition("=")
        if name.strip() == service and version.strip():
            return version.strip()
    return None


def _drawn(versions: dict[str, dict[str, Any]]) -> list[str]:
    shares = {name: told["share"] for name, told in versions.items() if told["urls"] and told["share"] > 0}
    return random.choices(list(shares), list(shares.values())) if shares else []  # noqa: S311 - no secret
