"""Signals and questions: nothing of them is stored."""

import asyncio

import structlog
from nats.aio.msg import Msg

from step3_async.rapids.nats.connection import CONNECT_SECONDS, FAILURES, Connection
from step3_async.rapids.nats.link import Link
from step3_async.rapids.transport import Answer, Hear, Unavailable

MOST_WAITING, MOST_WAITING_BYTES = 50_000, 32_000_000
"""What was not heard yet; more is lost, which is told."""

MOST_AT_ONCE = 32
FAILED = "Failed"
"""The header of an answer to a question that could not be answered."""

log = structlog.stdlib.get_logger(__name__)


class Signals:
    """The half of a Transport that stores nothing; see there."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._answering: set[asyncio.Task[None]] = set()

    async def tell(self, topic: str, text: bytes) -> None:
        """See Transport."""
        if now := self._link.now:
            try:
                await now.publish(topic, text)
            except FAILURES as error:
                log.debug("a signal was lost", topic=topic, error=str(error))

    async def hear(self, topic: str, hear: Hear) -> None:
        """See Transport. An error of `hear` is logged."""

        async def take(message: Msg) -> None:
            try:
                await hear(message.subject, message.data)
            except Exception:
                log.exception("a signal could not be heard", topic=message.subject)

        async def listen(connection: Connection) -> None:
            await connection.subscribe(
                topic, cb=take, pending_msgs_limit=MOST_WAITING, pending_bytes_limit=MOST_WAITING_BYTES
            )
            await connection.flush(CONNECT_SECONDS)

        await self._link.establish(listen)

    async def answer(self, topic: str, answer: Answer) -> None:
        """See Transport. Several questions are answered at once; an error of `answer` fails the question."""
        free = asyncio.Semaphore(MOST_AT_ONCE)

        async def reply(connection: Connection, message: Msg) -> None:
            try:
                text, headers = await answer(message.data), None
            except Exception:
                log.exception("a question could not be answered", topic=topic)
                text, headers = b"", {FAILED: "1"}
            finally:
                free.release()
            try:
                await connection.publish(message.reply, text, headers=headers)
            except FAILURES as error:
                log.info("an answer was lost", topic=topic, error=str(error))

        async def listen(connection: Connection) -> None:
            async def take(message: Msg) -> None:
                await free.acquire()
                task = asyncio.create_task(reply(connection, message), name=f"answer {topic}")
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

            await connection.subscribe(
                topic,
                queue=topic,
                cb=take,
                pending_msgs_limit=MOST_WAITING,
                pending_bytes_limit=MOST_WAITING_BYTES,
            )
            await connection.flush(CONNECT_SECONDS)

        await self._link.establish(listen)

    async def ask(self, topic: str, text: bytes, patience: float) -> bytes:
        """See Transport. Raises Unavailable at once where nobody listens."""
        async with asyncio.timeout(patience + 1):
            connection = await self._link.connection(patience)
            message = await connection.asked(topic, text, patience)
        if message.headers and FAILED in message.headers:
            raise Unavailable(f"{topic} could not be answered")
        return message.data

    async def close(self) -> None:
        """Let answers under way be given."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=CONNECT_SECONDS)
