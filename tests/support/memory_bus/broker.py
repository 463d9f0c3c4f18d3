"""What all buses of one test share: events, rivers, dead letters, and subscriptions."""

import time
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count
from secrets import token_hex

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import ALL, DeadLetter, RequestHandler, StoredDeadLetter, event_topic

DUPLICATES_SECONDS = 120.0
Subscriber = Callable[[str, bytes], None]


class Consumer:
    """A river at the broker: events that are due, and events that are delivered and not acknowledged."""

    def __init__(self, name: str, domains: Sequence[str], epoch: str, ack_seconds: float) -> None:
        self.name, self.domains, self.epoch = name, frozenset(domains), epoch
        self._ack_seconds = ack_seconds
        self._order = count()
        self._due: list[tuple[float, int, bytes, int]] = []
        self._unacknowledged: dict[int, tuple[float, bytes, int]] = {}

    def reset(self, epoch: str) -> None:
        """Lose everything."""
        self.epoch = epoch
        self._due, self._unacknowledged = [], {}

    def add(self, data: bytes, attempts: int = 0, delay: float = 0.0) -> None:
        """Make an event due in `delay` seconds."""
        heappush(self._due, (time.monotonic() + delay, next(self._order), data, attempts))

    def take(self, limit: int) -> list[tuple[int, bytes, int]]:
        """Return due events, each with its number and the number of the attempt."""
        now = time.monotonic()
        for number, (until, data, attempts) in list(self._unacknowledged.items()):
            if until <= now:
                del self._unacknowledged[number]
                self.add(data, attempts)
        taken = []
        while self._due and self._due[0][0] <= now and len(taken) < limit:
            _, number, data, attempts = heappop(self._due)
            self._unacknowledged[number] = now + self._ack_seconds, data, attempts + 1
            taken.append((number, data, attempts + 1))
        return taken

    @property
    def pending(self) -> int:
        """Return how many events are not acknowledged."""
        return len(self._due) + len(self._unacknowledged)

    def ack(self, number: int) -> None:
        self._unacknowledged.pop(number, None)

    def nak(self, number: int, delay: float) -> None:
        if number in self._unacknowledged:
            _, data, attempts = self._unacknowledged.pop(number)
            self.add(data, attempts, delay)

    def in_progress(self, number: int) -> None:
        if number in self._unacknowledged:
            _, data, attempts = self._unacknowledged[number]
            self._unacknowledged[number] = time.monotonic() + self._ack_seconds, data, attempts


class Broker:
    """A broker in memory. It delivers events again that are not acknowledged within `ack_seconds`."""

    def __init__(self, ack_seconds: float = 10.0) -> None:
        self._ack_seconds = ack_seconds
        self._numbers, self._turns = count(1), count()
        self._dead: dict[int, DeadLetter] = {}
        self._epoch = token_hex(8)
        self._consumers: dict[str, Consumer] = {}
        self._stored: dict[str, float] = {}
        self._subscribers: list[tuple[str, Subscriber]] = []
        self._repliers: list[tuple[str, RequestHandler, Callable[[], bool]]] = []

    def wipe(self) -> None:
        """Lose all events and rivers, as when a server's disk was lost."""
        self._epoch = token_hex(8)
        for consumer in self._consumers.values():
            consumer.reset(self._new_epoch())
        self._stored.clear()

    def publish_events(self, events: Sequence[Event], to: str | None) -> None:
        now = time.monotonic()
        self._stored = {each: at for each, at in self._stored.items() if now - at < DUPLICATES_SECONDS}
        for event in events:
            identity = f"{event.event_id} {to}"
            if identity in self._stored:
                continue
            self._stored[identity] = now
            self.publish(event_topic(event.event_domain, event.event_name), event.dumps())
            for consumer in self._consumers.values():
                if event.event_domain in consumer.domains and to in (None, ALL, consumer.name):
                    consumer.add(event.dumps())

    def consumer(self, name: str, domains: Sequence[str]) -> Consumer:
        """Return the consumer of that name, made if it is missing."""
        known = self._consumers.get(name)
        if known is None:
            known = Consumer(name, domains, self._new_epoch(), self._ack_seconds)
            self._consumers[name] = known
        known.domains = frozenset(domains)
        return known

    def dead_letter(self, dead_letter: DeadLetter) -> None:
        self._dead[next(self._numbers)] = dead_letter

    def dead_letters(self, river: str | None = None) -> list[StoredDeadLetter]:
        stored = [StoredDeadLetter(number, dead_letter) for number, dead_letter in self._dead.items()]
        return [each for each in stored if river in (None, each.dead_letter.river)]

    def delete_dead_letter(self, stored: StoredDeadLetter) -> None:
        self._dead.pop(stored.number, None)

    def redrive(self, stored: StoredDeadLetter) -> None:
        if self._dead.pop(stored.number, None) and stored.dead_letter.river in self._consumers:
            self._consumers[stored.dead_letter.river].add(stored.dead_letter.data)

    def publish(self, topic: str, content: bytes) -> None:
        for pattern, subscriber in list(self._subscribers):
            if matches(pattern, topic):
                subscriber(topic, content)

    def subscribe(self, pattern: str, subscriber: Subscriber) -> None:
        self._subscribers.append((pattern, subscriber))

    def reply(self, topic: str, handler: RequestHandler, connected: Callable[[], bool]) -> None:
        """Let `handler` reply while `connected`."""
        self._repliers.append((topic, handler, connected))

    def replier(self, topic: str) -> RequestHandler | None:
        """Return one of those who reply now, in turn."""
        there = [handler for known, handler, connected in self._repliers if known == topic and connected()]
        return there[next(self._turns) % len(there)] if there else None

    def _new_epoch(self) -> str:
        return f"{self._epoch} {token_hex(4)}"


def matches(pattern: str, topic: str) -> bool:
    """Return whether a topic matches a pattern."""
    wanted, given = pattern.split("."), topic.split(".")
    if wanted[-1] == ">":
        wanted, rest = wanted[:-1], given[len(wanted) - 1 :]
        return bool(rest) and _match(wanted, given[: len(wanted)])
    return _match(wanted, given)


def _match(wanted: list[str], given: list[str]) -> bool:
    return len(wanted) == len(given) and all(
        each in ("*", word) for each, word in zip(wanted, given, strict=True)
    )
