"""The retry policy: what happens to events that cannot be handled."""

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
    """Has failing events of the river `name` delivered again after each of `delays`, and dead-letters them
    in the end.
    """

    def __init__(self, bus: Bus, name: str, in_flight: InFlight, delays: tuple[float, ...]) -> None:
        self._bus, self._name, self._in_flight, self._delays = bus, name, in_flight, delays

    async def fail(self, received: Received, error: Exception) -> None:
        """Note a failed attempt."""
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
        letter = DeadLetter(self._name, delivery.data, _text(error), delivery.attempt)
        try:
            await self._bus.dead_letter(letter)
        except Unavailable as unavailable:
            log.warning("not dead-lettered yet", river=self._name, reason=str(unavailable))
            await self._in_flight.nak(delivery, AGAIN_SECONDS)
            return
        log.error("dead letter", river=self._name, attempts=letter.attempts, reason=letter.error)
        telemetry.EVENTS.labels(self._name, telemetry.DEAD_LETTERED).inc()
        await self._in_flight.ack(delivery)


def _text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        # Its own text quotes the input, which may be anything.
        text = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    else:
        text = str(error)
    return f"{type(error).__name__}: {text}"[:MAX_ERROR]
