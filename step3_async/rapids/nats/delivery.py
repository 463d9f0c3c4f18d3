"""An event as a river hands it out."""

import json

from nats.aio.msg import Msg

from step3_async.rapids.nats.answers import AGAIN, DONE, WORKING, Answers
from step3_async.rapids.nats.consumer import NANOSECONDS

SHORT_REPLY, TRIES_IN_SHORT, TRIES_IN_LONG = 9, 4, 6
"""`$JS.ACK.<stream>.<consumer>.<tries>.…`, in clusters with two words more before the stream."""


class NatsDelivery:
    """See Delivery."""

    __slots__ = ("_answers", "_place", "_reply", "arrived", "raw", "tries")

    def __init__(self, message: Msg, answers: Answers, place: str, arrived: float) -> None:
        self.raw = message.data
        self.arrived = arrived
        self._reply, self._answers, self._place = message.reply, answers, place
        words = message.reply.split(".")
        self.tries = int(words[TRIES_IN_SHORT if len(words) == SHORT_REPLY else TRIES_IN_LONG])

    async def acknowledge(self) -> None:
        """See Delivery."""
        await self._answers.send(self._place, self._reply, DONE)

    async def retry(self, after: float) -> None:
        """See Delivery."""
        wait = json.dumps({"delay": int(after * NANOSECONDS)}).encode()
        await self._answers.send(self._place, self._reply, AGAIN + b" " + wait)

    async def keep(self) -> None:
        """See Delivery."""
        await self._answers.send(self._place, self._reply, WORKING)
