"""What becomes of events that cannot be handled."""

import structlog
from pydantic import ValidationError

from step3_async.rapids.flow import metrics
from step3_async.rapids.flow.hand import Hand, Received
from step3_async.rapids.flow.tries import Tries
from step3_async.rapids.transport import Delivery, Letter, Transport, Unavailable

AGAIN_SECONDS = 2.0
LONGEST_ERROR = 1000

log = structlog.stdlib.get_logger(__name__)


class Failing:
    """Has events of the river `name` come again, and sets them aside after as many `tries`."""

    def __init__(self, transport: Transport, name: str, hand: Hand, tries: Tries) -> None:
        self._transport, self._name, self._hand, self._tries = transport, name, hand, tries

    async def fail(self, received: Received, error: Exception) -> None:
        """One more try has failed."""
        delivery, event = received.delivery, received.event
        metrics.EVENTS.labels(self._name, metrics.FAILED).inc()
        wait = self._tries.wait_after(delivery.tries)
        what = {"river": self._name, "domain": event.event_domain, "event_id": event.event_id}
        log.warning("an event failed", **what, tries=delivery.tries, reason=_text(error))
        if wait is None:
            await self.set_aside(delivery, error)
        else:
            await self._hand.retry(delivery, wait)

    async def set_aside(self, delivery: Delivery, error: Exception) -> None:
        """Trying again is of no use."""
        letter = Letter(self._name, delivery.raw, _text(error), delivery.tries)
        try:
            await self._transport.set_aside(letter)
        except Unavailable as unavailable:
            log.warning("not set aside yet", river=self._name, reason=str(unavailable))
            await self._hand.retry(delivery, AGAIN_SECONDS)
            return
        log.error("an event was set aside", river=self._name, tries=letter.tries, reason=letter.error)
        metrics.EVENTS.labels(self._name, metrics.SET_ASIDE).inc()
        await self._hand.acknowledge(delivery)


def _text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        # Its text quotes what was given; that may be anything.
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    else:
        told = str(error)
    return f"{type(error).__name__}: {told}"[:LONGEST_ERROR]
