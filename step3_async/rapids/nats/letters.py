"""Dead letters: a stream of their own, with a subject for each river."""

import asyncio
from collections.abc import Sequence
from secrets import token_hex

from nats.aio.msg import Msg

from step3_async.rapids.nats.confirmations import Parcel
from step3_async.rapids.nats.connection import ANSWER_SECONDS, Connection, Json, Refused
from step3_async.rapids.nats.consumer import NANOSECONDS
from step3_async.rapids.nats.link import Link
from step3_async.rapids.nats.publishing import Publisher
from step3_async.rapids.nats.subjects import DEAD, again_subject, dead_subject
from step3_async.rapids.transport import Kept, Letter, Unavailable

ERROR, TRIES = "Error", "Tries"
LONGEST_ERROR = 2000
GONE_SECONDS = 5
NO_SUCH_MESSAGE = 10057
EVERY_RIVER = ">"


class DeadLetters:
    """The part of a Transport that is about dead letters; see there."""

    def __init__(self, link: Link, publisher: Publisher) -> None:
        self._link, self._publisher = link, publisher

    async def set_aside(self, letter: Letter) -> None:
        """See Transport."""
        headers = {ERROR: letter.error[:LONGEST_ERROR], TRIES: str(letter.tries)}
        parcel = Parcel(dead_subject(letter.river), token_hex(16), letter.raw, headers)
        await self._publisher.publish([parcel])

    async def dead(self, river: str | None = None) -> Sequence[Kept]:
        """See Transport."""
        connection = await self._link.connection(ANSWER_SECONDS)
        subject = dead_subject(river or EVERY_RIVER)
        told = await connection.found(f"STREAM.INFO.{DEAD}", {"subjects_filter": subject})
        if told is None:
            raise Unavailable("there is no place for dead letters: nobody has made it")
        if not told["state"].get("subjects"):
            return []
        return await _read(connection, subject)

    async def forget(self, kept: Kept) -> None:
        """See Transport."""
        connection = await self._link.connection(ANSWER_SECONDS)
        try:
            await connection.api(f"STREAM.MSG.DELETE.{DEAD}", {"seq": kept.number})
        except Refused as refused:
            if refused.reason != NO_SUCH_MESSAGE:
                raise

    async def put_back(self, kept: Kept) -> None:
        """See Transport."""
        letter = kept.letter
        again = Parcel(again_subject(letter.river), f"{letter.river} {kept.number}", letter.raw, {})
        await self._publisher.publish([again])
        await self.forget(kept)


async def _read(connection: Connection, subject: str) -> list[Kept]:
    """All that is there now."""
    found: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = connection.new_inbox()
    subscription = await connection.subscribe(inbox, cb=found.put)
    try:
        name = token_hex(8)
        config: Json = {
            "name": name,
            "deliver_subject": inbox,
            "deliver_policy": "all",
            "ack_policy": "none",
            "filter_subject": subject,
            "inactive_threshold": GONE_SECONDS * NANOSECONDS,
            "mem_storage": True,
            "num_replicas": 1,
        }
        told = {"stream_name": DEAD, "action": "create", "config": config}
        made = await connection.api(f"CONSUMER.CREATE.{DEAD}.{name}.{subject}", told)
        letters = []
        for _ in range(made["num_pending"]):
            message = await connection.within(found.get(), ANSWER_SECONDS)
            letters.append(_kept(message))
            if not message.metadata.num_pending:
                break
        return letters
    finally:
        if connection.usable:
            await subscription.unsubscribe()


def _kept(message: Msg) -> Kept:
    headers = message.headers or {}
    river = message.subject.partition(".")[2]
    letter = Letter(river, message.data, headers.get(ERROR, ""), int(headers.get(TRIES, "0")))
    return Kept(message.metadata.sequence.stream, letter)
