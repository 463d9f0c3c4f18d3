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
PROMISE_SECONDS, LONGEST_PROMISE_SECONDS = 5.0, 60.0
"""A promise may take so long. Where it took longer the next one gets twice the time: asking begins a snapshot
anew, and who asked too soon each time would never be told which one is theirs.
"""

OVERDUE_SECONDS = 60.0
"""After so long somebody else asks for what was wanted and not promised."""

QUIET_SECONDS, LONGEST_QUIET_SECONDS = 5.0, 600.0
"""A snapshot of which nothing has come for so long may not be coming. Each one after that is given twice the
time, as it may lack the same page again.
"""

log = structlog.stdlib.get_logger(__name__)


class Snapshots:
    """The snapshots of the ponds that the river `name` fills, by domain."""

    def __init__(self, transport: Transport, name: str, ponds: Mapping[str, Pond]) -> None:
        self._transport, self._name, self._ponds = transport, name, ponds
        self._one_at_a_time = asyncio.Lock()
        self._to_ask: set[str] = set()
        self._progress: dict[str, tuple[int, float]] = {}
        self._in_vain: dict[str, int] = {}
        self._complaint = ""
        self._promise_seconds = PROMISE_SECONDS
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
            await self._ask(self._to_ask, again=True)
            missing = {domain for domain, place in places.items() if self._is_missing(domain, place)}
            if missing and not pending:
                for domain in missing:
                    self._in_vain[domain] = self._in_vain.get(domain, 0) + 1
                    self._progress.pop(domain)
                await self._ask(missing, again=False)

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
        if not self._ponds:
            return {}
        places = next(iter(self._ponds.values())).places
        return await asyncio.to_thread(places.of, list(self._ponds))

    def _is_missing(self, domain: str, place: Place | None) -> bool:
        """Whether a snapshot was promised, and nothing comes of it."""
        if place is None or place.covered:
            self._in_vain.pop(domain, None)
        if place is None or place.covered or place.run is None or domain in self._to_ask:
            self._progress.pop(domain, None)
            return False
        pages, since = self._progress.get(domain, (-1, 0.0))
        if pages != place.pages:
            since = time.monotonic()
            self._progress[domain] = place.pages, since
        patience = min(QUIET_SECONDS * 2.0 ** self._in_vain.get(domain, 0), LONGEST_QUIET_SECONDS)
        return bool(time.monotonic() - since > patience)

    async def _ask(self, domains: Iterable[str], *, again: bool) -> None:
        """Ask for snapshots; where nobody answers, `look` does so again."""
        wanted = sorted(domains)
        if not wanted:
            return
        wish = Wish(river=self._name, domains=wanted, again=again)
        began = time.monotonic()
        try:
            answer = await self._transport.ask(TOPIC, wish.model_dump_json().encode(), self._promise_seconds)
            runs = Promise.model_validate_json(answer).runs
        except (Unavailable, ValueError) as error:
            if time.monotonic() - began >= self._promise_seconds:
                self._promise_seconds = min(2 * self._promise_seconds, LONGEST_PROMISE_SECONDS)
            if str(error) != self._complaint:
                log.info("no snapshot promised yet", river=self._name, domains=wanted, reason=str(error))
            self._complaint = str(error)
            return
        self._complaint, self._promise_seconds = "", PROMISE_SECONDS
        for domain in runs.keys() & self._ponds.keys():
            await asyncio.to_thread(self._ponds[domain].places.begin, domain, runs[domain])
            self._to_ask.discard(domain)
        log.info("snapshots promised", river=self._name, domains=wanted)


def _progress(place: Place | None) -> Progress:
    if place is None:
        return Progress(run=None, covered=False, pages=0, reached=None)
    return Progress(run=place.run, covered=place.covered, pages=place.pages, reached=place.reached)
