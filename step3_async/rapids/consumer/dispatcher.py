"""The dispatcher passes events to the handler of their domain."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog
from pydantic import ValidationError

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Delivery
from step3_async.rapids.consumer import telemetry
from step3_async.rapids.consumer.in_flight import InFlight, Received
from step3_async.rapids.consumer.retry_policy import RetryPolicy
from step3_async.rapids.tasks import retrying, wait_unless

OnApplied = Callable[[str, list[tuple[str, int]]], Awaitable[None]]
"""Called before events are acknowledged: a domain, and the documents and revisions that are shown now."""

log = structlog.stdlib.get_logger(__name__)


class Handler(Protocol):
    """Handles the events of a domain. It is called in a thread, with the same event more than once, and with
    events out of order.
    """

    def apply(self, events: Sequence[Event], /) -> list[tuple[str, int]]:
        """Handle events, and return the documents and revisions that are shown now.

        Raises DependencyUnavailable and DependencyTimeout while a dependency is away: it is then called
        again, however long that takes. Any other error counts as a failed attempt.
        """


class Stopped(Exception):
    """The consumer is stopping, while a handler waits for a dependency that is away."""


class Dispatcher:
    """Dispatches the events of the river `name` until `stopping` is set."""

    def __init__(
        self,
        name: str,
        handlers: Mapping[str, Handler],
        in_flight: InFlight,
        retry_policy: RetryPolicy,
        *,
        on_applied: OnApplied | None,
        stopping: asyncio.Event,
    ) -> None:
        self._name, self._handlers = name, handlers
        self._in_flight, self._retry_policy = in_flight, retry_policy
        self._on_applied, self._stopping = on_applied, stopping

    async def read(self, deliveries: Sequence[Delivery]) -> dict[str, list[Received]]:
        """Return the events of a batch by domain. A delivery that is no event becomes a dead letter."""
        by_domain: dict[str, list[Received]] = {}
        for delivery in deliveries:
            try:
                event = Event.model_validate_json(delivery.data)
            except ValidationError as error:
                await self._retry_policy.dead_letter(delivery, error)
                continue
            if event.event_domain in self._handlers:
                by_domain.setdefault(event.event_domain, []).append(Received(delivery, event))
            else:
                await self._in_flight.ack(delivery)
        return by_domain

    async def dispatch(self, domain: str, received: Sequence[Received]) -> None:
        """Let the handler process events, and acknowledge them. If that fails, dispatch each half of them.

        Raises Stopped.
        """
        try:
            applied = await self._apply(domain, [each.event for each in received])
        except Stopped:
            raise
        except Exception as error:
            if len(received) == 1:
                await self._retry_policy.fail(received[0], error)
                return
            half = len(received) // 2
            for part in (received[:half], received[half:]):
                await self.dispatch(domain, part)
            return
        await self._publish(domain, applied)
        for each in received:
            await self._in_flight.ack(each.delivery)
        telemetry.count_handled(self._name, [each.event for each in received])

    async def _apply(self, domain: str, events: Sequence[Event]) -> list[tuple[str, int]]:
        """Call the handler, and repeat that while a dependency is away. Raises Stopped."""

        async def apply() -> list[tuple[str, int]]:
            with telemetry.span(self._name, domain, events):
                return await asyncio.to_thread(self._handlers[domain].apply, events)

        # A dependency that is slow may be given too much at once: then half of it is tried.
        errors = (DependencyUnavailable, DependencyTimeout) if len(events) == 1 else (DependencyUnavailable,)
        applying = retrying(
            *errors,
            first=0.1,
            most=2.0,
            stop=lambda _: self._stopping.is_set(),
            sleep=lambda seconds: wait_unless(self._stopping, seconds),
            on_error=lambda error: log.warning(
                "the river waits", river=self._name, domain=domain, reason=str(error)
            ),
        )
        try:
            return await applying(apply)
        except errors:
            raise Stopped from None

    async def _publish(self, domain: str, applied: list[tuple[str, int]]) -> None:
        if self._on_applied is None:
            return
        try:
            await self._on_applied(domain, applied)
        except Exception:
            # Messages may get lost anyway: a gateway that waits for one sends a query.
            log.exception("applied changes not published", river=self._name, domain=domain)
