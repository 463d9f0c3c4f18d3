"""The retry policy: when a failing event is delivered again, and when it becomes a dead letter."""

import structlog
from pydantic import ValidationError

from step3_async.rapids.bus import Bus, DeadLetter, Delivery, Unavailable
from step3_async.rapids.consumer import telemetry
from step3_async.rapids.consumer.in_flight import InFlight, Received

DELAYS = (0.2, 1.0, 3.0, 10.0)
"""Seconds before each further attempt."""

AGAIN_SECONDS = 2.0
MAX_ERROR = 1000

log = structlog.stdlib.get_logger(__name__)


class RetryPolicy:
    """Returns failing events to the river `name`, which delivers them again after each of `delays`. After the
    last attempt it makes them dead letters.
    """

    def __init__(self, bus: Bus, name: str, in_flight: InFlight, delays: tuple[float, ...]) -> None:
        self._bus, self._name, self._in_flight, self._delays = bus, name, in_flight, delays

    async def fail(self, received: Received, error: Exception) -> None:
        """Return an event to the river after a failed attempt, or make it a dead letter after the last."""
        delivery, event = received.delivery, received.event
        telemetry.EVENTS.labels(self._name, telemetry.FAILED).inc()
        log.warning(
            "an event failed",
            river=self._name,
            domain=event.event_domain,
            event_id=event.event_id,
            attempt=delivery.attempt,
            reason=_text(error),
        )
        if delivery.attempt > len(self._delays):
            await self.dead_letter(delivery, error)
        else:
            await self._in_flight.nak(delivery, self._delays[delivery.attempt - 1])

    async def dead_letter(self, delivery: Delivery, error: Exception) -> None:
        """Store an event as a dead letter."""
        dead_letter = DeadLetter(self._name, delivery.data, _text(error), delivery.attempt)
        try:
            await self._bus.dead_letter(dead_letter)
        except Unavailable as unavailable:
            log.warning("not dead-lettered yet", river=self._name, reason=str(unavailable))
            await self._in_flight.nak(delivery, AGAIN_SECONDS)
            return
        log.error("dead letter", river=self._name, attempts=dead_letter.attempts, reason=dead_letter.error)
        telemetry.EVENTS.labels(self._name, telemetry.DEAD_LETTERED).inc()
        await self._in_flight.ack(delivery)


def _text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        # Its own text quotes the input, which may be anything.
        text = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    else:
        text = str(error)
    return f"{type(error).__name__}: {text}"[:MAX_ERROR]
