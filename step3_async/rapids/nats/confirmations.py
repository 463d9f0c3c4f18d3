"""What was sent to be stored, and what has been confirmed of it."""

import asyncio
import json
from dataclasses import dataclass

from nats.aio.msg import Msg

from step3_async.rapids.nats.connection import Connection, Refused
from step3_async.rapids.transport import Unavailable

MESSAGE_ID = "Nats-Msg-Id"


@dataclass(frozen=True)
class Parcel:
    """Something to be stored: sent again under the same id within two minutes it is stored once."""

    subject: str
    id: str
    text: bytes
    headers: dict[str, str]


class Confirmations:
    """What was sent over one connection and is yet to be confirmed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._inbox = connection.new_inbox()
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._number = 0

    async def open(self) -> None:
        """Listen to confirmations. Raises one of FAILURES."""
        await self.connection.subscribe(f"{self._inbox}.*", cb=self._hear)
        self.connection.lost.add_done_callback(self._end)

    async def send(self, parcel: Parcel) -> asyncio.Future[None]:
        """Send one; done when it is stored, fails with Unavailable. Raises one of FAILURES."""
        self._number += 1
        reply = f"{self._inbox}.{self._number}"
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[reply] = confirmed
        confirmed.add_done_callback(lambda _: self._awaited.pop(reply, None))
        try:
            headers = {**parcel.headers, MESSAGE_ID: parcel.id}
            await self.connection.publish(parcel.subject, parcel.text, reply, headers)
        except BaseException:
            confirmed.cancel()
            raise
        return confirmed

    async def _hear(self, message: Msg) -> None:
        confirmed = self._awaited.get(message.subject)
        if confirmed is None or confirmed.done():
            return
        if not message.data:
            confirmed.set_exception(Unavailable("there are no rapids: nobody has made them"))
        elif error := json.loads(message.data).get("error"):
            confirmed.set_exception(Refused(error))
        else:
            confirmed.set_result(None)

    def _end(self, _: object) -> None:
        for confirmed in [*self._awaited.values()]:
            if not confirmed.done():
                confirmed.set_exception(Unavailable("the connection was lost"))
