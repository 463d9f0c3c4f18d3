"""Choose the instance for a request: the version by its share or as requested, then the least busy one."""

import random
import time
from collections.abc import Collection, Mapping, Sequence

from kit.clients.discovery import Services, draw_version
from kit.http.problems import DependencyUnavailable, Refused
from step3_async.client.routing.registry import Instance, Registry, title_of

WHOLE = 100
"""The share of a version that has none in the services file."""


class Balancer:
    """Chooses among the instances of `registry`, with the versions' shares of the services file."""

    def __init__(self, registry: Registry, services: Services) -> None:
        self._registry = registry
        self._services = services
        self._shares: dict[str, dict[str, int]] = {}
        self._split: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Read the services file again if it has changed."""
        self._shares = {
            service: {version: int(each.get("share", WHOLE)) for version, each in versions.items()}
            for service, versions in self._services.current().items()
        }
        self._split = [
            service
            for service, shares in self._shares.items()
            if sum(share > 0 for share in shares.values()) > 1
        ]

    def share(self, service: str, version: str) -> int:
        """Return the version's share of the requests that name no version."""
        shares = self._shares.get(service)
        return WHOLE if shares is None else shares.get(version, 0)

    def draw(self, requested: Mapping[str, str]) -> Mapping[str, str]:
        """Return the versions for a client's request: those `requested`, and a drawn one for each other
        service that has several. They go along with the request, so that all its calls use the same ones.
        """
        if not self._split:
            return requested
        drawn, now = dict(requested), time.monotonic()
        for service in self._split:
            if service not in drawn:
                allowed = [each for each in self._registry.up(service) if each.breaker.allows(now)]
                if (version := self._draw_version(service, allowed)) is not None:
                    drawn[service] = version
        return drawn

    def choose(self, service: str, version: str | None, tried: Collection[Instance]) -> Instance:
        """Return an instance, one that was not `tried` if possible.

        Raises Refused for an unknown version, and DependencyUnavailable when no instance is there.
        """
        up, now = self._registry.up(service), time.monotonic()
        if version is None:
            version = self._draw_version(service, up)
        else:
            self._require_known(service, version, up)
        allowed = [each for each in up if each.announced.version == version and each.breaker.allows(now)]
        if not allowed:
            raise DependencyUnavailable(title_of(service), retry_after=1)
        return min(allowed, key=lambda each: (each in tried, each.outstanding, random.random()))  # noqa: S311

    def _draw_version(self, service: str, instances: Sequence[Instance]) -> str | None:
        versions = {each.announced.version for each in instances}
        return draw_version({version: self.share(service, version) for version in versions})

    def _require_known(self, service: str, version: str, up: Sequence[Instance]) -> None:
        known = {*self._shares.get(service, {}), *(each.announced.version for each in up)}
        if version not in known:
            raise Refused(f"There is no {service} {version}; there is: {', '.join(sorted(known))}.")


def requested_versions(header: str) -> dict[str, str]:
    """Return the versions that a header Service-Version requests, by service."""
    requested: dict[str, str] = {}
    for each in header.split(","):
        name, _, version = each.partition("=")
        if version.strip():
            requested.setdefault(name.strip(), version.strip())
    return requested
