"""Which instance gets a call: the version by its share or as asked for, then whoever has least to do."""

import random
import time
from collections.abc import Collection, Mapping, Sequence

from kit.clients.discovery import Services, draw_version
from kit.http.problems import DependencyUnavailable, Refused
from step3_async.gateway.registry import Instance, Registry

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
            service: {version: int(told.get("share", WHOLE)) for version, told in versions.items()}
            for service, versions in self._services.known().items()
        }
        shown = {service: _positive(shares) for service, shares in self._shares.items()}
        self._split = {service: shares for service, shares in shown.items() if len(shares) > 1}

    def share(self, service: str, version: str) -> int:
        """The version's share of the requests that ask for none."""
        shares = self._shares.get(service)
        return WHOLE if shares is None else shares.get(version, 0)

    def draw(self, asked: Mapping[str, str]) -> Mapping[str, str]:
        """The versions that a request gets: those `asked` for, and where several share the others, one that
        is there. So all calls of one request, and those made for it elsewhere, agree.
        """
        if not self._split:
            return asked
        drawn, now = dict(asked), time.monotonic()
        for service, shares in self._split.items():
            if service not in drawn:
                there = {each.told.version for each in self._registry.up(service) if each.breaker.allows(now)}
                choices = {version: share for version, share in shares.items() if version in there}
                if version := draw_version(choices):
                    drawn[service] = version
        return drawn

    def choose(self, service: str, version: str | None, tried: Collection[Instance]) -> Instance:
        """The instance for the next call, one that was not `tried` if possible. Raises Refused for an unknown
        version, and DependencyUnavailable when nobody is there.
        """
        there = self._registry.up(service)
        if version is not None:
            there = self._of_version(service, version, there)
        elif len(there) > 1 or service in self._shares:
            there = self._of_shared(service, there)
        now = time.monotonic()
        able = [each for each in there if each.breaker.allows(now)]
        if not able:
            raise DependencyUnavailable(called(service), retry_after=1)
        fresh = [each for each in able if each not in tried] if tried else able
        return _idlest(fresh or able)

    def _of_version(self, service: str, version: str, there: Sequence[Instance]) -> list[Instance]:
        found = [each for each in there if each.told.version == version]
        known = {*self._shares.get(service, {}), *(each.told.version for each in there)}
        if not found and version not in known:
            raise Refused(f"There is no {service} {version}; there is: {', '.join(sorted(known))}.")
        return found

    def _of_shared(self, service: str, there: Sequence[Instance]) -> Sequence[Instance]:
        if len(there) == 1:
            return there if self.share(service, there[0].told.version) > 0 else []
        shares = _positive({each.told.version: self.share(service, each.told.version) for each in there})
        if not shares:
            return []
        version = next(iter(shares)) if len(shares) == 1 else draw_version(shares)
        return [each for each in there if each.told.version == version]


def called(service: str) -> str:
    """A service's name in a sentence."""
    return f"The {service} service"


def asked_versions(header: str) -> dict[str, str]:
    """What a header Service-Version asks for, by service."""
    asked: dict[str, str] = {}
    for each in header.split(","):
        name, _, version = each.partition("=")
        if version.strip():
            asked.setdefault(name.strip(), version.strip())
    return asked


def _positive(shares: Mapping[str, int]) -> dict[str, int]:
    return {version: share for version, share in shares.items() if share > 0}


def _idlest(instances: Sequence[Instance]) -> Instance:
    if len(instances) == 1:
        return instances[0]
    least = min(each.outstanding for each in instances)
    return random.choice([each for each in instances if each.outstanding == least])  # noqa: S311
