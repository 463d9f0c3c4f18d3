"""Read your writes: know which changes the views show, and wait until all of them show a certain one.

Views publish which changes they show. As such a message may get lost, a view that is silent gets a query.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from weakref import WeakValueDictionary

from pydantic import ValidationError

from step3_async.client.routing.registry import Registry
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.messages import APPLIED_QUERY, Applied, AppliedQuery, AppliedReply

REMEMBERED = 20_000
"""How many documents are remembered: a view may show a change before the aggregate has responded."""

FIRST_SILENCE, LAST_SILENCE = 0.3, 1.2
"""How many seconds to wait for a view's message before it gets a query: for the first time, and at most
later.
"""

REPLY_SECONDS = 1.0

CommandState = Literal["pending", "done", "failed"]


@dataclass(frozen=True)
class Command:
    """A change that a request made: it gave the document `key` of a domain this revision."""

    domain: str
    revision: int
    key: str


class AppliedChanges:
    """The changes that views show, as they have published or replied over `bus`.

    A change has to be shown by all services that subscribe to its domain, as `registry` knows them.
    """

    def __init__(self, bus: Bus, registry: Registry) -> None:
        self._bus, self._registry = bus, registry
        self._revisions: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        # An event is there for as long as somebody waits for it.
        self._waiting: WeakValueDictionary[tuple[str, str], asyncio.Event] = WeakValueDictionary()

    def note(self, applied: Applied) -> None:
        """Note the documents that a service says it shows."""
        for key, revision in applied.documents:
            if revision:
                self._note(applied.service, Command(applied.domain, revision, key))

    async def wait(self, command: Command, seconds: float) -> CommandState:
        """Wait until all subscribers show the command, and return `done`.

        Return `failed` as soon as its event is a dead letter of one of them, and `pending` after `seconds`.
        """
        end = time.monotonic() + seconds
        silence = FIRST_SILENCE
        while missing := self._missing(command):
            left = end - time.monotonic()
            if left <= 0:
                return "pending"
            if not await self._is_noted(command, min(left, silence)):
                silence = min(2 * silence, LAST_SILENCE)
                states = await self._query(missing, command)
                if "failed" in states.values():
                    return "failed"
                for service in [service for service, state in states.items() if state == "done"]:
                    self._note(service, command)
        return "done"

    async def states(self, command: Command) -> dict[str, CommandState]:
        """Query each subscriber, and return how far it is with the command."""
        return await self._query(self._registry.subscribers(command.domain), command)

    def _missing(self, command: Command) -> list[str]:
        return [
            service
            for service in self._registry.subscribers(command.domain)
            if self._revisions.get((service, command.domain, command.key), 0) < command.revision
        ]

    async def _is_noted(self, command: Command, seconds: float) -> bool:
        """Wait for a message about the document. Return whether one came in time."""
        noted = self._waiting.setdefault((command.domain, command.key), asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await noted.wait()
        except TimeoutError:
            return False
        return True

    def _note(self, service: str, command: Command) -> None:
        place = (service, command.domain, command.key)
        self._revisions[place] = max(command.revision, self._revisions.get(place, 0))
        self._revisions.move_to_end(place)
        if len(self._revisions) > REMEMBERED:
            self._revisions.popitem(last=False)
        if noted := self._waiting.pop((command.domain, command.key), None):
            noted.set()

    async def _query(self, services: Iterable[str], command: Command) -> dict[str, CommandState]:
        names = sorted(services)
        states = await asyncio.gather(*(self._query_one(name, command) for name in names))
        return dict(zip(names, states, strict=True))

    async def _query_one(self, service: str, command: Command) -> CommandState:
        query = AppliedQuery(domain=command.domain, key=command.key).model_dump_json().encode()
        try:
            reply = AppliedReply.model_validate_json(
                await self._bus.request(f"{APPLIED_QUERY}.{service}", query, REPLY_SECONDS)
            )
        except (Unavailable, ValidationError):
            return "pending"
        if reply.revision is not None and reply.revision >= command.revision:
            return "done"
        return "failed" if reply.dead_lettered else "pending"


def overall(states: Iterable[CommandState]) -> CommandState:
    """Return the state of a whole whose parts have these states."""
    found = set(states)
    return "failed" if "failed" in found else "pending" if "pending" in found else "done"
