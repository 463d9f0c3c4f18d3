"""What a river tells the server about deliveries."""

import contextlib
from collections import deque

from step3_async.rapids.nats.connection import FAILURES, Connection

DONE, AGAIN, WORKING = b"+ACK", b"-NAK", b"+WPI"
MOST = 20_000


class Answers:
    """Those that cannot be sent now are sent when the server is there again, if it is the same then: another
    may have given the same number to something else.
    """

    def __init__(self) -> None:
        self._place = ""
        self._connection: Connection | None = None
        self._unsent: deque[tuple[str, bytes]] = deque(maxlen=MOST)

    async def go_on(self, connection: Connection, place: str) -> None:
        """Use a connection to where the river lies now. Raises one of FAILURES."""
        if place != self._place:
            self._unsent.clear()
        self._connection, self._place = connection, place
        while self._unsent:
            await connection.publish(*self._unsent[0])
            self._unsent.popleft()

    async def send(self, place: str, reply: str, text: bytes) -> None:
        """Answer a delivery that was made at `place`."""
        if place != self._place:
            return
        if self._connection and self._connection.usable:
            with contextlib.suppress(*FAILURES):
                await self._connection.publish(reply, text)
                return
        if not text.startswith(WORKING):
            self._unsent.append((reply, text))
