"""Dealing with events: together, and where that fails in smaller and smaller parts down to each alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog
from pydantic import ValidationError

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.rapids.event import SNAPSHOT_PAGE, Event, now
from step3_async.rapids.flow import metrics
from step3_async.rapids.flow.failing import Failing
from step3_async.rapids.flow.hand import Hand, Received
from step3_async.rapids.flow.pausing import pause
from step3_async.rapids.flow.spans import taking
from step3_async.rapids.flow.tries import Tries
from step3_async.rapids.transport import Delivery, Transport

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 2.0

OnSettled = Callable[[str, list[tuple[str, int]]], Awaitable[None]]
"""Told, by domain, which documents have settled and at which revision, before events are acknowledged."""

log = structlog.stdlib.get_logger(__name__)


class Handler(Protocol):
    """What is done with events of a domain. It is called in a thread, with the same event more than once, and
    with events out of order.
    """

    def apply(self, events: Sequence[Event], /) -> list[tuple[str, int]]:
        """Deal with events; what has settled by that. Raises DependencyUnavailable and DependencyTimeout
        while what it needs is away: then it is called again, however long that takes. Any other error counts
        as a try.
        """


class Stopped(Exception):
    """The flow is to end, while a part that is needed is away."""


class Handling:
    """What becomes of the events of the river `name`, until `stopping`."""

    def __init__(
        self,
        transport: Transport,
        name: str,
        handlers: Mapping[str, Handler],
        hand: Hand,
        *,
        on_settled: OnSettled | None,
        tries: Tries,
        stopping: asyncio.Event,
    ) -> None:
        self._name, self._handlers = name, handlers
        self._hand, self._on_settled = hand, on_settled
        self._failing = Failing(transport, name, hand, tries)
        self._stopping = stopping

    async def read(self, batch: Sequence[Delivery]) -> dict[str, list[Received]]:
        """The events of a batch by domain. What is none, or nobody's, is dealt with."""
        by_domain: dict[str, list[Received]] = {}
        for delivery in batch:
            try:
                event = Event.model_validate_json(delivery.raw)
            except ValidationError as error:
                await self._failing.set_aside(delivery, error)
                continue
            if event.event_domain in self._handlers:
                by_domain.setdefault(event.event_domain, []).append(Received(delivery, event))
            else:
                await self._hand.acknowledge(delivery)
        return by_domain

    async def deal_with(self, domain: str, received: Sequence[Received]) -> None:
        """Have the domain's handler apply events, and answer their deliveries. Raises Stopped."""
        try:
            settled = await self._applied(domain, [each.event for each in received])
        except Stopped:
            raise
        except Exception as error:
            if len(received) == 1:
                await self._failing.fail(received[0], error)
                return
            half = len(received) // 2
            for part in (received[:half], received[half:]):
                await self.deal_with(domain, part)
            return
        await self._tell(domain, settled)
        for each in received:
            await self._hand.acknowledge(each.delivery)
        self._measure([each.event for each in received])

    async def _applied(self, domain: str, events: Sequence[Event]) -> list[tuple[str, int]]:
        """What has settled. Waits while what the handler needs is away."""
        wait = FIRST_WAIT_SECONDS
        while True:
            try:
                with taking(self._name, domain, events):
                    return await asyncio.to_thread(self._handlers[domain].apply, events)
            except (DependencyUnavailable, DependencyTimeout) as problem:
                if isinstance(problem, DependencyTimeout) and len(events) > 1:
                    raise  # it may be too much at once
                log.warning("the river waits", river=self._name, domain=domain, reason=str(problem))
            if await pause(self._stopping, wait):
                raise Stopped
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    async def _tell(self, domain: str, settled: list[tuple[str, int]]) -> None:
        if self._on_settled is None:
            return
        try:
            await self._on_settled(domain, settled)
        except Exception:
            # Signals may get lost anyhow; who waits for one asks.
            log.exception("not told what has settled", river=self._name, domain=domain)

    def _measure(self, dealt_with: Sequence[Event]) -> None:
        metrics.EVENTS.labels(self._name, metrics.HANDLED).inc(len(dealt_with))
        metrics.BATCH.labels(self._name).observe(len(dealt_with))
        lag, moment = metrics.LAG.labels(self._name), now()
        for event in dealt_with:
            if event.event_name != SNAPSHOT_PAGE:
                lag.observe(max(0.0, (moment - event.timestamp).total_seconds()))
