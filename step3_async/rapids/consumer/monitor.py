"""The monitor observes how far behind a consumer is, and requests snapshots that its ponds need."""

import asyncio

import structlog

from kit.http.problems import Problem
from step3_async.rapids.bus import River, Unavailable
from step3_async.rapids.consumer import telemetry
from step3_async.rapids.consumer.snapshots import Snapshots
from step3_async.rapids.messages import RebuildRequest, RebuildStatus

LOOK_SECONDS, LOOK_SOON_SECONDS = 2.0, 0.2
"""Seconds between two checks: when the consumer is ready, and until then."""

log = structlog.stdlib.get_logger(__name__)


class Monitor:
    """Monitors the river `name`: `pending` events are not handled yet, `handled` were since the start."""

    def __init__(self, name: str, snapshots: Snapshots) -> None:
        self.pending = self.handled = 0
        self._name, self._snapshots = name, snapshots
        self._river: River | None = None
        self._pending_at_start: int | None = None
        self._has_caught_up = False

    @property
    def ready(self) -> bool:
        """Whether all ponds have been complete once, and all events from before the start are handled."""
        return self._snapshots.complete and self._has_caught_up

    async def run(self, river: River) -> None:
        """Check again and again, until cancelled."""
        self._river = river
        complaint = ""
        while True:
            try:
                await self._look(river)
                complaint = ""
            except (Unavailable, Problem) as error:
                if str(error) != complaint:
                    log.warning("the state of a river is unknown", river=self._name, reason=str(error))
                complaint = str(error)
            await asyncio.sleep(LOOK_SECONDS if self.ready else LOOK_SOON_SECONDS)

    async def rebuild(self, content: bytes) -> bytes:
        """Reply to a RebuildRequest with a RebuildStatus."""
        status = RebuildStatus(domains={}, pending=self.pending)
        try:
            if self._river is None:
                raise Unavailable("there is no river yet")
            request = RebuildRequest.model_validate_json(content)
            status.domains = await self._snapshots.rebuild(request, self._river.epoch)
        except (Problem, Unavailable, ValueError) as error:
            status.problem = str(error)
        return status.model_dump_json().encode()

    async def _look(self, river: River) -> None:
        self.pending = await river.pending()
        telemetry.PENDING.labels(self._name).set(self.pending)
        if self._pending_at_start is None:
            self._pending_at_start = self.pending
        # A reader that shares its river handles only a part of that, but then nothing is pending some time.
        if not self.pending or self.handled >= self._pending_at_start:
            self._has_caught_up = True
        await self._snapshots.look(river.epoch, self.pending)
