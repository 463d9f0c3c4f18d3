"""Service discovery by a file, which is read again when it changes.

The file is JSON: `{"search": {"v2": {"share": 90, "urls": ["http://…"]}, "v1": {"share": 10, "urls": […]}}}`.
Instances that may get no requests until their stores are filled are in a list `filling` beside `urls`.
Where a name server knows the instances, a version has a `name` in place of both: `{"share": 90, "name": "http://…"}`.
The program that starts and stops instances replaces the file in one step; callers need not be restarted.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from flask import has_request_context, request

from kit.clients.names import Found, Names
from kit.http.headers import SERVICE_VERSION
from kit.http.problems import Refused

JWKS = "/.well-known/jwks.json"
"""The path at which a service that signs tokens publishes the public keys."""

Versions = dict[str, dict[str, Any]]
"""The versions of a service by name, each with its `share` and `urls`."""


class Services:
    """The services file at `path`."""

    def __init__(self, path: str, names: Names | None = None) -> None:
        self._path = Path(path)
        self._names = names or Names()
        self._version_read: tuple[int, int] | None = None
        self._known: dict[str, Versions] = {}

    def current(self) -> dict[str, Versions]:
        """Return the versions by service. Reads the file if it has changed; if that fails, the last content
        counts.
        """
        try:
            state = self._path.stat()
            version_on_disk = (state.st_mtime_ns, state.st_ino)
            if version_on_disk != self._version_read:
                self._known = orjson.loads(self._path.read_bytes())
                self._version_read = version_on_disk
        except (OSError, ValueError):
            pass
        return self._known

    def finder(self, service: str) -> Callable[[], list[str]]:
        """Return a function that returns the addresses of a service, best first; see `urls`."""
        return lambda: self.urls(service)

    def finder_with_filling(self, service: str) -> Callable[[], list[str]]:
        """Return a function that returns the addresses of a service, for a program that fills its stores.

        It finds the instances of all versions, as they share a store, and also those whose store is not
        filled yet.
        """

        def urls() -> list[str]:
            found = [self._instances(each) for each in self.current().get(service, {}).values()]
            ready = [url for each in found for url in each.urls]
            filling = [url for each in found for url in each.filling]
            return [*random.sample(ready, len(ready)), *filling]

        return urls

    def urls(self, service: str) -> list[str]:
        """Return the addresses of one version's instances in a random order.

        The version is the one that the current request names, else one drawn by the versions' shares.
        Raises Refused for an unknown version.
        """
        versions = self.current().get(service, {})
        version = requested_version(service)
        if version is not None and version not in versions:
            raise Refused(f"There is no {service} {version}; there is: {', '.join(sorted(versions))}.")
        urls = {name: self._instances(each).urls for name, each in versions.items()}
        if version is None:
            version = draw_version({name: each["share"] for name, each in versions.items() if urls[name]})
        found = urls[version] if version is not None else ()
        return random.sample(found, len(found))

    def _instances(self, version: dict[str, Any]) -> Found:
        if "name" in version:
            return self._names.find(version["name"])
        return Found(tuple(version["urls"]), tuple(version.get("filling", ())))


def requested_version(service: str) -> str | None:
    """Read the version of a service that the current request names."""
    if not has_request_context() or SERVICE_VERSION not in request.headers:
        return None
    for each in request.headers[SERVICE_VERSION].split(","):
        name, _, version = each.partition("=")
        if name.strip() == service and version.strip():
            return version.strip()
    return None


def draw_version(shares: Mapping[str, float]) -> str | None:
    """Draw a version by the shares of each; None where none has a share."""
    positive = {version: share for version, share in shares.items() if share > 0}
    if not positive:
        return None
    return random.choices(list(positive), list(positive.values()))[0]  # noqa: S311 - no secret
