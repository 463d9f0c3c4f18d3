"""Which instances there are: what they announce, as this gateway has received it."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from step3_async.gateway.routing.routes import Routes
from step3_async.gateway.upstream.guards import Breaker
from step3_async.rapids.messages import EXPIRY_SECONDS, Announcement

log = structlog.stdlib.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Instance:
    """An instance as it was last announced, and what this gateway has to do with it at the moment."""

    announced: Announcement
    seen_at: float
    breaker: Breaker = field(default_factory=Breaker)
    outstanding: int = 0


class Registry:
    """All instances that were announced lately, and the `routes` to their services.

    As long as some `expected` services are yet to be seen, nobody knows all paths.
    """

    def __init__(self, expected: Sequence[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expected = frozenset(expected)
        self._instances: dict[tuple[str, str], Instance] = {}
        self._up: dict[str, tuple[Instance, ...]] = {}
        self._subscribers: dict[str, frozenset[str]] = {}
        self._callbacks: list[Callable[[], None]] = []
        self.routes = Routes()
        self._seen: set[str] = set()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have `callback` called whenever other instances are up, or do something else."""
        self._callbacks.append(callback)

    def update(self, announced: Announcement) -> None:
        """Take in an announcement."""
        key = (announced.service, announced.instance)
        known = self._instances.get(key)
        if announced.state == "gone":
            if known is not None and known.announced.pid == announced.pid:
                self._drop(known, "left")
            return
        if known is None or (known.announced.pid, known.announced.url) != (announced.pid, announced.url):
            self._instances[key] = Instance(announced, self._clock())
            self._seen.add(announced.service)
            log.info("instance found", peer=announced.instance, of=announced.service, state=announced.state)
            self._refresh()
            return
        before, known.announced, known.seen_at = known.announced, announced, self._clock()
        if _role(before) != _role(announced):
            self._refresh()

    def sweep(self) -> None:
        """Drop the instances that have not been announced for too long."""
        oldest = self._clock() - EXPIRY_SECONDS
        for each in [each for each in self._instances.values() if each.seen_at < oldest]:
            self._drop(each, "fell silent")

    def be_patient(self) -> None:
        """Treat all instances as just announced: as nothing could be received, silence means nothing."""
        for each in self._instances.values():
            each.seen_at = self._clock()

    def up(self, service: str) -> Sequence[Instance]:
        """Return the service's instances that are ready for requests."""
        return self._up.get(service, ())

    def subscribers(self, domain: str) -> frozenset[str]:
        """Return the services that are up and project events of this domain."""
        return self._subscribers.get(domain, frozenset())

    @property
    def missing(self) -> frozenset[str]:
        """The expected services that have never been announced here."""
        return self._expected - self._seen

    def __iter__(self) -> Iterator[Instance]:
        return iter([self._instances[key] for key in sorted(self._instances)])

    def age(self, instance: Instance) -> float:
        """Return the seconds since the instance was announced."""
        return self._clock() - instance.seen_at

    def _drop(self, instance: Instance, why: str) -> None:
        service, name = instance.announced.service, instance.announced.instance
        log.info("instance gone", peer=name, of=service, why=why)
        del self._instances[service, name]
        self._refresh()

    def _refresh(self) -> None:
        self.routes.update(each.announced for each in self._instances.values())
        self._up = {}
        subscribers: dict[str, set[str]] = {}
        for each in self._instances.values():
            if each.announced.state == "up":
                service = each.announced.service
                self._up[service] = (*self._up.get(service, ()), each)
                for domain in each.announced.subscriptions:
                    subscribers.setdefault(domain, set()).add(service)
        self._subscribers = {domain: frozenset(services) for domain, services in subscribers.items()}
        for callback in self._callbacks:
            callback()


def _role(announced: Announcement) -> tuple[object, ...]:
    return announced.state, announced.version, announced.subscriptions, announced.paths
