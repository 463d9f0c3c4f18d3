"""Request snapshots for ponds that lack events from before their river began."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

import structlog

from step3_async.contracts.envelope import now
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.messages import (
    SNAPSHOT_REQUEST,
    RebuildRequest,
    SnapshotAccepted,
    SnapshotProgress,
    SnapshotRequest,
)
from step3_async.rapids.pond import Pond, SnapshotState

ACCEPT_SECONDS, MAX_ACCEPT_SECONDS = 5.0, 60.0
"""How long to wait for a reply: twice as long after each failure, at most the second number. Each request
begins a new snapshot, so one that is repeated too soon would never learn which snapshot is its own.
"""

OVERDUE_SECONDS = 60.0
"""If a request was not accepted for so long, another instance repeats it."""

QUIET_SECONDS, MAX_QUIET_SECONDS = 5.0, 600.0
"""A snapshot without a new page for so long is requested again. The time doubles with each such request."""

log = structlog.stdlib.get_logger(__name__)


class Snapshots:
    """The snapshots of the ponds that the river `name` fills, by domain."""

    def __init__(self, bus: Bus, name: str, ponds: Mapping[str, Pond]) -> None:
        self._bus, self._name, self._ponds = bus, name, ponds
        self._looking = asyncio.Lock()
        self._to_request: set[str] = set()
        self._progress: dict[str, tuple[int, float]] = {}
        self._in_vain: dict[str, int] = {}
        self._complaint = ""
        self._accept_seconds = ACCEPT_SECONDS
        self.complete = not ponds
        """Whether all ponds had been complete once at the last check."""

    async def look(self, epoch: str, pending: int) -> None:
        """Check the ponds, and request the snapshots that they lack. Raises Problem when the database is
        away.
        """
        async with self._looking:
            states = await self._states()
            self.complete = all(state is not None and state.was_complete for state in states.values())
            for domain, state in states.items():
                if state is None or state.epoch != epoch:
                    await asyncio.to_thread(self._ponds[domain].snapshots.record_request, domain, epoch)
                    self._to_request.add(domain)
                elif state.run is None and (now() - state.wanted).total_seconds() > OVERDUE_SECONDS:
                    self._to_request.add(domain)
            await self._request(self._to_request, again=True)
            stalled = {domain for domain, state in states.items() if self._is_stalled(domain, state)}
            if stalled and not pending:
                for domain in stalled:
                    self._in_vain[domain] = self._in_vain.get(domain, 0) + 1
                    self._progress.pop(domain)
                await self._request(stalled, again=False)

    async def rebuild(self, request: RebuildRequest, epoch: str) -> dict[str, SnapshotProgress]:
        """Rebuild the ponds if the request says so, and return the progress of each domain. Raises
        Problem.
        """
        if request.rebuild:
            async with self._looking:
                for domain, pond in self._ponds.items():
                    await asyncio.to_thread(pond.snapshots.record_request, domain, epoch, empty=request.empty)
                for pond in self._ponds.values() if request.empty else ():
                    await asyncio.to_thread(pond.empty)
                log.info("rebuild", river=self._name, emptied=request.empty)
                self._to_request |= self._ponds.keys()
                await self._request(self._to_request, again=True)
        return {domain: _progress(state) for domain, state in (await self._states()).items()}

    async def _states(self) -> dict[str, SnapshotState | None]:
        if not self._ponds:
            return {}
        snapshots = next(iter(self._ponds.values())).snapshots
        return await asyncio.to_thread(snapshots.states, list(self._ponds))

    def _is_stalled(self, domain: str, state: SnapshotState | None) -> bool:
        """Return whether a snapshot was accepted, but no page of it has come for too long."""
        if state is None or state.complete:
            self._in_vain.pop(domain, None)
        if state is None or state.complete or state.run is None or domain in self._to_request:
            self._progress.pop(domain, None)
            return False
        pages, since = self._progress.get(domain, (-1, 0.0))
        if pages != state.pages:
            since = time.monotonic()
            self._progress[domain] = state.pages, since
        patience = min(QUIET_SECONDS * 2.0 ** self._in_vain.get(domain, 0), MAX_QUIET_SECONDS)
        return bool(time.monotonic() - since > patience)

    async def _request(self, domains: Iterable[str], *, again: bool) -> None:
        """Request snapshots. If there is no reply, the next check repeats the request."""
        wanted = sorted(domains)
        if not wanted:
            return
        request = SnapshotRequest(river=self._name, domains=wanted, again=again)
        began = time.monotonic()
        try:
            content = request.model_dump_json().encode()
            reply = await self._bus.request(SNAPSHOT_REQUEST, content, self._accept_seconds)
            runs = SnapshotAccepted.model_validate_json(reply).runs
        except (Unavailable, ValueError) as error:
            if time.monotonic() - began >= self._accept_seconds:
                self._accept_seconds = min(2 * self._accept_seconds, MAX_ACCEPT_SECONDS)
            if str(error) != self._complaint:
                log.info("no snapshot accepted yet", river=self._name, domains=wanted, reason=str(error))
            self._complaint = str(error)
            return
        self._accept_seconds = ACCEPT_SECONDS
        self._complain_of(sorted({*wanted} - runs.keys()))
        for domain in runs.keys() & self._ponds.keys():
            await asyncio.to_thread(self._ponds[domain].snapshots.begin, domain, runs[domain])
            self._to_request.discard(domain)
        log.info("snapshots accepted", river=self._name, domains=sorted(runs))

    def _complain_of(self, unknown: Sequence[str]) -> None:
        """Log the domains that capture does not follow, once: their ponds wait for a snapshot for ever."""
        complaint = ", ".join(unknown)
        if complaint and complaint != self._complaint:
            log.warning(
                "the ponds wait for domains that capture does not follow", river=self._name, domains=unknown
            )
        self._complaint = complaint


def _progress(state: SnapshotState | None) -> SnapshotProgress:
    if state is None:
        return SnapshotProgress(run=None, complete=False, pages=0, reached=None)
    return SnapshotProgress(run=state.run, complete=state.complete, pages=state.pages, reached=state.reached)
