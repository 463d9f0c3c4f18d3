"""Asking for snapshots where a pond lacks what happened before its river began."""

import asyncio
import time
from collections.abc import Iterable, Mapping

import structlog

from step3_async.rapids.event import now
from step3_async.rapids.pond import Place, Pond
from step3_async.rapids.signals import SNAPSHOT, Order, Progress, Promise, Wish
from step3_async.rapids.transport import Transport, Unavailable

TOPIC = f"{SNAPSHOT}.wanted"
PROMISE_SECONDS = 5.0
OVERDUE_SECONDS = 60.0
"""After so long somebody else asks for what was wanted and not promised."""

QUIET_SECONDS = 5.0
"""A snapshot of which nothing has come for so long may not be coming."""

log = structlog.stdlib.get_logger(__name__)


class Snapshots:
    """The snapshots of the ponds that the river `name` fills, by domain."""

    def __init__(self, transport: Transport, name: str, ponds: Mapping[str, Pond]) -> None:
        self._transport, self._name, self._ponds = transport, name, ponds
        self._one_at_a_time = asyncio.Lock()
        self._to_ask: set[str] = set()
        self._progress: dict[str, tuple[int, float]] = {}
        self._complaint = ""
        self.complete = not ponds
        """Whether all ponds may be shown, as of the last look."""

    async def look(self, rapids: str, pending: int) -> None:
        """See how the ponds are, and ask for what they lack. Raises Problem where nobody can tell."""
        async with self._one_at_a_time:
            places = await self._places()
            self.complete = all(place is not None and place.complete for place in places.values())
            for domain, place in places.items():
                if place is None or place.rapids != rapids:
                    await asyncio.to_thread(self._ponds[domain].places.want, domain, rapids)
                    self._to_ask.add(domain)
                elif place.run is None and (now() - place.wanted).total_seconds() > OVERDUE_SECONDS:
                    self._to_ask.add(domain)
            missing = {
                domain for domain, place in places.items() if place and self._is_missing(domain, place)
            }
            await self._ask(self._to_ask, again=True)
            if not pending:
                await self._ask(missing - self._to_ask, again=False)

    async def obey(self, order: Order, rapids: str) -> dict[str, Progress]:
        """Do what an operator wants; how the ponds stand then. Raises Problem."""
        if order.rebuild:
            async with self._one_at_a_time:
                for domain, pond in self._ponds.items():
                    await asyncio.to_thread(pond.places.want, domain, rapids, empty=order.empty)
                for pond in self._ponds.values() if order.empty else ():
                    await asyncio.to_thread(pond.empty)
                log.info("to be made anew", river=self._name, emptied=order.empty)
                self._to_ask |= self._ponds.keys()
                await self._ask(self._to_ask, again=True)
        return {domain: _progress(place) for domain, place in (await self._places()).items()}

    async def _places(self) -> dict[str, Place | None]:
        def read() -> dict[str, Place | None]:
            return {domain: pond.places.get(domain) for domain, pond in self._ponds.items()}

        return await asyncio.to_thread(read)

    def _is_missing(self, domain: str, place: Place | None) -> bool:
        """Whether a snapshot was promised, and nothing comes of it."""
        if place is None or place.covered or place.run is None or domain in self._to_ask:
            self._progress.pop(domain, None)
            return False
        pages, since = self._progress.get(domain, (-1, 0.0))
        if pages != place.pages:
            since = time.monotonic()
            self._progress[domain] = place.pages, since
        return time.monotonic() - since > QUIET_SECONDS

    async def _ask(self, domains: Iterable[str], *, again: bool) -> None:
        """Ask for snapshots; where nobody answers, `look` does so again."""
        wanted = sorted(domains)
        if not wanted:
            return
        wish = Wish(river=self._name, domains=wanted, again=again)
        try:
            answer = await self._transport.ask(TOPIC, wish.model_dump_json().encode(), PROMISE_SECONDS)
            runs = Promise.model_validate_json(answer).runs
        except (Unavailable, ValueError) as error:
            if str(error) != self._complaint:
                log.info("no snapshot promised yet", river=self._name, domains=wanted, reason=str(error))
            self._complaint = str(error)
            return
        self._complaint = ""
        for domain in runs.keys() & self._ponds.keys():
            await asyncio.to_thread(self._ponds[domain].places.begin, domain, runs[domain])
            self._to_ask.discard(domain)
            self._progress.pop(domain, None)
        log.info("snapshots promised", river=self._name, domains=wanted)


def _progress(place: Place | None) -> Progress:
    if place is None:
        return Progress(run=None, covered=False, pages=0, reached=None)
    return Progress(run=place.run, covered=place.covered, pages=place.pages, reached=place.reached)
