"""Which instance gets a request: the version by its share or as requested, then the least busy instance."""

import random
import time
from collections.abc import Collection, Mapping, Sequence

from kit.clients.discovery import Services
from kit.http.problems import DependencyUnavailable, Refused
from step3_async.gateway.routing.registry import Instance, Registry, title_of

WHOLE = 100
"""The share of a version that nobody has given one."""


class Balancer:
    """Chooses among the instances of `registry`, with the versions' shares of the services file."""

    def __init__(self, registry: Registry, services: Services) -> None:
        self._registry = registry
        self._services = services
        self._shares: dict[str, dict[str, int]] = {}
        self._split: dict[str, dict[str, int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the services file again if it has changed."""
        self._shares = {
            service: {version: int(each.get("share", WHOLE)) for version, each in versions.items()}
            for service, versions in self._services.known().items()
        }
        shown = {service: _positive(shares) for service, shares in self._shares.items()}
        self._split = {service: shares for service, shares in shown.items() if len(shares) > 1}

    def share(self, service: str, version: str) -> int:
        """Return the version's share of the requests that name no version."""
        shares = self._shares.get(service)
        return WHOLE if shares is None else shares.get(version, 0)

    def draw(self, requested: Mapping[str, str]) -> Mapping[str, str]:
        """Return the versions for a client's request: those `requested`, and one for each service that has
        several. All requests that are made for it, here and elsewhere, then agree.
        """
        if not self._split:
            return requested
        drawn, now = dict(requested), time.monotonic()
        for service, shares in self._split.items():
            if service not in drawn:
                up = {
                    each.announced.version for each in self._registry.up(service) if each.breaker.allows(now)
                }
                choices = {version: share for version, share in shares.items() if version in up}
                if choices:
                    drawn[service] = _drawn(choices)
        return drawn

    def choose(self, service: str, version: str | None, tried: Collection[Instance]) -> Instance:
        """Return an instance, one that was not `tried` if possible.

        Raises Refused for an unknown version, and DependencyUnavailable when no instance is there.
        """
        up = self._registry.up(service)
        if version is not None:
            up = self._of_version(service, version, up)
        elif len(up) > 1 or service in self._shares:
            up = self._of_drawn_version(service, up)
        now = time.monotonic()
        allowed = [each for each in up if each.breaker.allows(now)]
        if not allowed:
            raise DependencyUnavailable(title_of(service), retry_after=1)
        fresh = [each for each in allowed if each not in tried] if tried else allowed
        return _least_busy(fresh or allowed)

    def _of_version(self, service: str, version: str, up: Sequence[Instance]) -> list[Instance]:
        found = [each for each in up if each.announced.version == version]
        known = {*self._shares.get(service, {}), *(each.announced.version for each in up)}
        if not found and version not in known:
            raise Refused(f"There is no {service} {version}; there is: {', '.join(sorted(known))}.")
        return found

    def _of_drawn_version(self, service: str, up: Sequence[Instance]) -> Sequence[Instance]:
        if len(up) == 1:
            return up if self.share(service, up[0].announced.version) > 0 else []
        shares = _positive(
            {each.announced.version: self.share(service, each.announced.version) for each in up}
        )
        if not shares:
            return []
        version = next(iter(shares)) if len(shares) == 1 else _drawn(shares)
        return [each for each in up if each.announced.version == version]


def requested_versions(header: str) -> dict[str, str]:
    """Return the versions that a header Service-Version asks for, by service."""
    requested: dict[str, str] = {}
    for each in header.split(","):
        name, _, version = each.partition("=")
        if version.strip():
            requested.setdefault(name.strip(), version.strip())
    return requested


def _positive(shares: Mapping[str, int]) -> dict[str, int]:
    return {version: share for version, share in shares.items() if share > 0}


def _drawn(shares: Mapping[str, int]) -> str:
    return random.choices(list(shares), list(shares.values()))[0]  # noqa: S311 - no secret


def _least_busy(instances: Sequence[Instance]) -> Instance:
    if len(instances) == 1:
        return instances[0]
    least = min(each.outstanding for each in instances)
    return random.choice([each for each in instances if each.outstanding == least])  # noqa: S311 - no secret
