"""The registry: the instances that are running, by the announcements that this gateway has received."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from step3_async.client.routing.routes import Routes
from step3_async.client.upstream.guards import Breaker, Bulkhead
from step3_async.rapids.messages import EXPIRY_SECONDS, Announcement

MAX_CALLS = 16
"""The most calls in flight to an instance, which has 8 threads and lets as many wait."""

MAX_CALLS_FOR_PAGE = 4
"""The same for pages of one kind: the web face waits for services in its 8 threads, and a slow service must
not occupy all of them.
"""

log = structlog.stdlib.get_logger(__name__)


def title_of(service: str) -> str:
    """Return a service's name for a sentence."""
    return f"The {service} service"


@dataclass(eq=False, slots=True)
class Instance:
    """An instance as it was last announced, and this gateway's calls to it: how many are `outstanding`, and
    the guards that limit them.
    """

    announced: Announcement
    seen_at: float
    breaker: Breaker
    outstanding: int = 0
    _bulkheads: dict[str, Bulkhead] = field(default_factory=dict)

    def bulkhead(self, name: str) -> Bulkhead:
        """Return the bulkhead that routes call by this name."""
        found = self._bulkheads.get(name)
        if found is None:
            at_once = MAX_CALLS_FOR_PAGE if name else MAX_CALLS
            found = self._bulkheads[name] = Bulkhead(title_of(self.announced.service), at_once)
        return found


class Registry:
    """All instances that were announced lately, and the `routes` to their services.

    While some `expected` services have never been up, not all paths are known yet. `on_change` is called
    when an instance comes, goes, or announces another state, version or path.
    """

    def __init__(self, expected: Sequence[str], on_change: Callable[[], None]) -> None:
        self._expected, self._on_change = frozenset(expected), on_change
        self._instances: dict[tuple[str, str], Instance] = {}
        self._up: dict[str, list[Instance]] = {}
        self._were_up: set[str] = set()
        self.routes = Routes()

    def update(self, announced: Announcement) -> None:
        """Add, update or drop the instance that an announcement is about."""
        key = (announced.service, announced.instance)
        known = self._instances.get(key)
        if announced.state == "gone":
            if known is not None and known.announced.pid == announced.pid:
                self._drop(known, "left")
            return
        if known is None or (known.announced.pid, known.announced.url) != (announced.pid, announced.url):
            self._instances[key] = Instance(announced, time.monotonic(), Breaker(announced.service))
            log.info("instance found", peer=announced.instance, of=announced.service, state=announced.state)
            self._refresh()
            return
        before, known.announced, known.seen_at = known.announced, announced, time.monotonic()
        if _role(before) != _role(announced):
            self._refresh()

    def drop_expired(self) -> None:
        """Drop the instances that have not been announced for EXPIRY_SECONDS."""
        oldest = time.monotonic() - EXPIRY_SECONDS
        for each in [each for each in self._instances.values() if each.seen_at < oldest]:
            self._drop(each, "fell silent")

    def renew_all(self) -> None:
        """Treat all instances as just announced, as announcements could not be received for a while."""
        for each in self._instances.values():
            each.seen_at = time.monotonic()

    def up(self, service: str) -> Sequence[Instance]:
        """Return the service's instances that are ready for requests."""
        return self._up.get(service, ())

    def subscribers(self, domain: str) -> frozenset[str]:
        """Return the services that are up and project events of this domain."""
        up = (each.announced for instances in self._up.values() for each in instances)
        return frozenset(each.service for each in up if domain in each.subscriptions)

    @property
    def missing(self) -> frozenset[str]:
        """The expected services that have never been up. One that was up and is away now is not among
        them.
        """
        return self._expected - self._were_up

    def __iter__(self) -> Iterator[Instance]:
        return iter([self._instances[key] for key in sorted(self._instances)])

    def _drop(self, instance: Instance, why: str) -> None:
        service, name = instance.announced.service, instance.announced.instance
        log.info("instance gone", peer=name, of=service, why=why)
        del self._instances[service, name]
        self._refresh()

    def _refresh(self) -> None:
        self.routes.update(each.announced for each in self._instances.values())
        self._up = {}
        for each in self._instances.values():
            if each.announced.state == "up":
                self._up.setdefault(each.announced.service, []).append(each)
        self._were_up.update(self._up)
        self._on_change()


def _role(announced: Announcement) -> tuple[object, ...]:
    return announced.state, announced.version, announced.subscriptions, announced.paths
