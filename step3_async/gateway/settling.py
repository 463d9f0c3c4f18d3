"""Which changes the views show, as they tell it; and waiting until all show one."""

import asyncio
import time
from collections import OrderedDict

from step3_async.gateway.command_ids import Command
from step3_async.gateway.doubts import DONE, FAILED, PENDING, Doubts, State
from step3_async.gateway.registry import Registry
from step3_async.rapids.messages import Applied

REMEMBERED = 20_000
"""Applied documents that are remembered, as views may be quicker than the answer of the aggregate."""

FIRST_DOUBT, LAST_DOUBT = 0.3, 1.2
"""Seconds of silence after which a service is asked, at first and in the end."""


class Settling:
    """What was heard to be settled."""

    def __init__(self, registry: Registry, doubts: Doubts) -> None:
        self._registry, self._doubts = registry, doubts
        self._heard: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self._waiting: dict[tuple[str, str], set[asyncio.Event]] = {}

    def hear(self, settled: Applied) -> None:
        """Take in what a service has told."""
        for key, revision in settled.documents:
            if revision:
                self._note(settled.service, settled.domain, key, revision)

    def state(self, command: Command) -> State:
        """DONE, or PENDING as far as is known without asking."""
        return PENDING if self._missing(command) else DONE

    async def wait(self, command: Command, seconds: float) -> State:
        """DONE once all services that take the command show it, FAILED as soon as one has set it aside, and
        PENDING when `seconds` are over.
        """
        end = time.monotonic() + seconds
        pause = FIRST_DOUBT
        while missing := self._missing(command):
            left = end - time.monotonic()
            if left <= 0:
                return PENDING
            if not await self._more_is_heard(command, min(left, pause)):
                pause = min(2 * pause, LAST_DOUBT)
                states = await self._doubts.states(missing, command)
                if FAILED in states.values():
                    return FAILED
                for service in [service for service, state in states.items() if state == DONE]:
                    self._note(service, command.domain, command.key, command.revision)
        return DONE

    def _missing(self, command: Command) -> list[str]:
        return [
            service
            for service in self._registry.takers(command.domain)
            if self._heard.get((service, command.domain, command.key), 0) < command.revision
        ]

    async def _more_is_heard(self, command: Command, seconds: float) -> bool:
        place = (command.domain, command.key)
        heard = asyncio.Event()
        self._waiting.setdefault(place, set()).add(heard)
        try:
            async with asyncio.timeout(seconds):
                await heard.wait()
            return True
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting[place]
            waiting.discard(heard)
            if not waiting:
                del self._waiting[place]

    def _note(self, service: str, domain: str, key: str, revision: int) -> None:
        place = (service, domain, key)
        self._heard[place] = max(revision, self._heard.get(place, 0))
        self._heard.move_to_end(place)
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        for event in self._waiting.get((domain, key), ()):
            event.set()
