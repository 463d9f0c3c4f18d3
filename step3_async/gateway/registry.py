"""Which instances there are: what they announce, as this gateway has heard it."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from step3_async.gateway.breaker import Breaker
from step3_async.rapids.messages import EXPIRY_SECONDS, Announcement

log = structlog.stdlib.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Instance:
    """An instance as it was last heard, and what this gateway has to do with it at the moment."""

    told: Announcement
    heard: float
    breaker: Breaker = field(default_factory=Breaker)
    outstanding: int = 0


class Registry:
    """All instances that were heard lately. `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._instances: dict[tuple[str, str], Instance] = {}
        self._up: dict[str, tuple[Instance, ...]] = {}
        self._takers: dict[str, frozenset[str]] = {}
        self._callbacks: list[Callable[[str], None]] = []

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Have `callback` told the name of each service whose instances that are up have become others."""
        self._callbacks.append(callback)

    def hear(self, told: Announcement) -> None:
        """Take an announcement in."""
        key = (told.service, told.instance)
        known = self._instances.get(key)
        if told.state == "gone":
            if known is not None and known.told.pid == told.pid:
                self._drop(known, "left")
            return
        if known is None or known.told.pid != told.pid or known.told.url != told.url:
            self._instances[key] = Instance(told, self._clock())
            log.info("instance found", peer=told.instance, of=told.service, state=told.state)
            self._sort_out(told.service)
            return
        before, known.told, known.heard = known.told, told, self._clock()
        if _place(before) != _place(told):
            self._sort_out(told.service)

    def sweep(self) -> None:
        """Drop those that have fallen silent."""
        oldest = self._clock() - EXPIRY_SECONDS
        for each in [each for each in self._instances.values() if each.heard < oldest]:
            self._drop(each, "fell silent")

    def be_patient(self) -> None:
        """Take all as just heard: as nobody could be heard, silence means nothing."""
        for each in self._instances.values():
            each.heard = self._clock()

    def up(self, service: str) -> Sequence[Instance]:
        """The service's instances that are ready for requests."""
        return self._up.get(service, ())

    def takers(self, domain: str) -> frozenset[str]:
        """The services that are up and take events of this domain."""
        return self._takers.get(domain, frozenset())

    def find(self, *tags: str) -> list[Instance]:
        """The instances, up or not, that have at least these tags."""
        wanted = set(tags)
        return [each for each in self if wanted <= set(each.told.tags)]

    def __iter__(self) -> Iterator[Instance]:
        return iter(
            sorted(self._instances.values(), key=lambda each: (each.told.service, each.told.instance))
        )

    def age(self, instance: Instance) -> float:
        """Seconds since it was heard."""
        return self._clock() - instance.heard

    def _drop(self, instance: Instance, why: str) -> None:
        told = instance.told
        log.info("instance gone", peer=told.instance, of=told.service, why=why)
        del self._instances[told.service, told.instance]
        self._sort_out(told.service)

    def _sort_out(self, service: str) -> None:
        there = [each for each in self._instances.values() if each.told.state == "up"]
        self._up = {}
        domains: dict[str, set[str]] = {}
        for each in there:
            self._up[each.told.service] = (*self._up.get(each.told.service, ()), each)
            for domain in each.told.takes:
                domains.setdefault(domain, set()).add(each.told.service)
        self._takers = {domain: frozenset(services) for domain, services in domains.items()}
        for callback in self._callbacks:
            callback(service)


def _place(told: Announcement) -> tuple[object, ...]:
    return told.state, told.version, tuple(told.takes)
