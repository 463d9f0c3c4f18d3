"""What all transports of one test share: events, rivers, dead letters, and who listens to what."""

import time
from collections.abc import Sequence
from itertools import count
from secrets import token_hex

from step3_async.rapids.event import Event
from step3_async.rapids.memory.river import Course
from step3_async.rapids.memory.signals import Signals
from step3_async.rapids.transport import ALL, Kept, Letter, passing

SAME_SECONDS = 120.0
"""An event that is published again within so long is not stored again."""


class Rapids:
    """Events stay `ack_seconds` with who was handed them, before they are handed out again."""

    def __init__(self, ack_seconds: float = 10.0) -> None:
        self.signals = Signals()
        self._ack_seconds = ack_seconds
        self._numbers = count(1)
        self._dead: dict[int, Letter] = {}
        self._identity = ""
        self._courses: dict[str, Course] = {}
        self._stored: dict[str, float] = {}
        self.wipe()

    def wipe(self) -> None:
        """Lose all events and rivers, as when a server's disk was."""
        self._identity = token_hex(8)
        for course in self._courses.values():
            course.renew(self._new_identity())
        self._stored.clear()

    def publish(self, events: Sequence[Event], to: str | None) -> None:
        """Store events."""
        now = time.monotonic()
        self._stored = {each: at for each, at in self._stored.items() if now - at < SAME_SECONDS}
        for event in events:
            identity = f"{event.event_id} {to}"
            if identity in self._stored:
                continue
            self._stored[identity] = now
            self.signals.tell(passing(event.event_domain, event.event_name), event.dumps())
            for course in self._courses.values():
                if event.event_domain in course.domains and to in (None, ALL, course.name):
                    course.add(event.dumps())

    def course(self, name: str, domains: Sequence[str]) -> tuple[Course, bool]:
        """A river as the rapids have it, and whether it has just been made."""
        known = self._courses.get(name)
        if known is not None:
            known.domains = frozenset(domains)
            return known, False
        made = self._courses[name] = Course(name, domains, self._new_identity(), self._ack_seconds)
        return made, True

    def set_aside(self, letter: Letter) -> None:
        """Keep a dead letter."""
        self._dead[next(self._numbers)] = letter

    def dead(self, river: str | None = None) -> list[Kept]:
        """The dead letters of a river, or of all."""
        kept = [Kept(number, letter) for number, letter in self._dead.items()]
        return [each for each in kept if river in (None, each.letter.river)]

    def forget(self, kept: Kept) -> None:
        """Remove a dead letter."""
        self._dead.pop(kept.number, None)

    def put_back(self, kept: Kept) -> None:
        """Hand a dead letter to its river again."""
        if self._dead.pop(kept.number, None) and kept.letter.river in self._courses:
            self._courses[kept.letter.river].add(kept.letter.raw)

    def _new_identity(self) -> str:
        return f"{self._identity} {token_hex(4)}"
