"""Seeing how far a river is, and that its ponds get what they lack."""

import asyncio

import structlog

from kit.http.problems import Problem
from step3_async.rapids.flow import metrics
from step3_async.rapids.flow.snapshots import Snapshots
from step3_async.rapids.signals import Order, Standing
from step3_async.rapids.transport import River, Unavailable

LOOK_SECONDS, LOOK_SOON_SECONDS = 2.0, 0.2
"""How often it is looked, when all is ready, and until then."""

log = structlog.stdlib.get_logger(__name__)


class Tending:
    """How the river called `name` is: `behind` so many events, of those it brought `dealt_with` so many."""

    def __init__(self, name: str, snapshots: Snapshots) -> None:
        self.behind = self.dealt_with = 0
        self._name, self._snapshots = name, snapshots
        self._river: River | None = None
        self._at_start: int | None = None
        self._caught_up = False

    @property
    def ready(self) -> bool:
        """Whether all ponds have been completed once, and what was pending at the start was dealt with."""
        return self._snapshots.complete and self._caught_up

    async def go_on(self, river: River) -> None:
        """Look again and again."""
        self._river = river
        complaint = ""
        while True:
            try:
                await self._look(river)
                complaint = ""
            except (Unavailable, Problem) as error:
                if str(error) != complaint:
                    log.warning("how far the river is cannot be told", river=self._name, reason=str(error))
                complaint = str(error)
            await asyncio.sleep(LOOK_SECONDS if self.ready else LOOK_SOON_SECONDS)

    async def obey(self, text: bytes) -> bytes:
        """Do what an Order says; a Standing."""
        told = Standing(domains={}, pending=self.behind)
        try:
            if self._river is None:
                raise Unavailable("there is no river yet")
            order = Order.model_validate_json(text)
            told.domains = await self._snapshots.obey(order, self._river.rapids)
        except (Problem, Unavailable, ValueError) as error:
            told.problem = str(error)
        return told.model_dump_json().encode()

    async def _look(self, river: River) -> None:
        self.behind = await river.pending()
        metrics.BEHIND.labels(self._name).set(self.behind)
        if self._at_start is None:
            self._at_start = self.behind
        # Who shares a river gets a part of what was pending only, but then it runs dry at some time.
        if not self.behind or self.dealt_with >= self._at_start:
            self._caught_up = True
        await self._snapshots.look(river.rapids, self.behind)
