"""A river is a durable pull consumer of the stream of events."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy, StreamInfo
from nats.js.errors import APIError, NotFoundError

from step3_async.rapids.bus import ALL, Unavailable
from step3_async.rapids.nats.connection import FAILURES, REPLY_SECONDS, Connection
from step3_async.rapids.nats.pull import Pull
from step3_async.rapids.nats.streams import RAPIDS, consumer_subject, river_subjects

ACK_SECONDS = 10.0
"""An event that is not acknowledged for this long is delivered again."""

MAX_UNACKNOWLEDGED = 5000
OPEN_SECONDS = 10.0
TRIES = 3

PASSED_BY = "passed-by"
"""The key in the consumer's metadata that records a loss: the stream dropped events that the river had not
read yet, and its first event was then the one with this number.
"""


class NatsDelivery:
    """A delivery of the river. It counts only in the river's epoch: later its number means another event."""

    __slots__ = ("_epoch", "_message", "_river", "attempt", "data")

    def __init__(self, message: Msg, river: "NatsRiver") -> None:
        self.data, self.attempt = message.data, message.metadata.num_delivered
        self._message, self._river, self._epoch = message, river, river.epoch

    async def ack(self) -> None:
        if self._is_current():
            with contextlib.suppress(*FAILURES):
                await self._message.ack()

    async def nak(self, delay: float) -> None:
        if self._is_current():
            with contextlib.suppress(*FAILURES):
                await self._message.nak(delay or None)

    async def in_progress(self) -> None:
        if self._is_current():
            with contextlib.suppress(*FAILURES):
                await self._message.in_progress()

    def _is_current(self) -> bool:
        return self._epoch == self._river.epoch


@dataclass(frozen=True)
class _State:
    """The state of a river at the server. All events up to the stream's number `done` are handled."""

    epoch: str
    done: int
    pending: int


class NatsRiver:
    """The river `name` with all events of these domains. Call `open` first."""

    def __init__(self, connection: Connection, name: str, domains: Sequence[str]) -> None:
        if name == ALL:
            raise ValueError(f"no river can be called {ALL!r}")
        self.epoch = ""
        self._connection, self._name = connection, name
        self._subjects = river_subjects(name, domains)
        self._done: int | None = None
        self._is_checked = False
        self._checking = asyncio.Lock()
        self._pull = Pull(connection, consumer_subject("MSG.NEXT", name))
        connection.on_change(self._on_change)

    async def open(self) -> None:
        """Make the river if it is missing. Raises Unavailable."""
        await self._connection.ready(OPEN_SECONDS)
        await self._check(is_opening=True)

    async def fetch(self, limit: int, timeout: float) -> Sequence[NatsDelivery]:
        if not self._connection.connected or not self._is_checked:
            await self._connection.ready(timeout)
            await self._check()
        try:
            messages = await self._pull.fetch(limit, timeout)
        except (*FAILURES, Unavailable) as error:
            self._is_checked = False
            self._pull.restart()
            raise Unavailable(str(error)) from error
        return [NatsDelivery(message, self) for message in messages]

    async def pending(self) -> int:
        await self._connection.ready(REPLY_SECONDS)
        return (await self._check()).pending

    async def close(self) -> None:
        await self._pull.close()

    def _on_change(self, _connected: bool) -> None:
        self._is_checked = False
        self._pull.restart()

    async def _check(self, *, is_opening: bool = False) -> _State:
        """Make sure that the river exists, and notice when it has lost events. Raises Unavailable."""
        async with self._checking:
            state = await self._connection.call(self._ensure(is_opening), OPEN_SECONDS)
            if state.epoch != self.epoch and self.epoch:
                log.warning("a river has lost events", river=self._name)
                self._pull.forget()
            self.epoch, self._done, self._is_checked = state.epoch, state.done, True
            return state

    async def _ensure(self, is_opening: bool) -> _State:
        """Make the server's consumer if it is missing, else correct it.

        Subjects are removed from it only while the river opens: instances of a newer version may need more.
        """
        jetstream = self._connection.jetstream
        for _ in range(TRIES):
            try:
                stream = await jetstream.stream_info(RAPIDS)
            except NotFoundError:
                raise Unavailable("there are no rapids: nobody has made them") from None
            try:
                consumer = await jetstream.consumer_info(RAPIDS, self._name)
            except NotFoundError:
                # A number rather than "new": a server that dies before it has noted the place starts there.
                last = stream.state.last_seq
                with contextlib.suppress(APIError):  # another instance was quicker
                    made = await jetstream.add_consumer(RAPIDS, self._config(last + 1))
                    return _State(_epoch(stream, made), last, 0)
                continue
            return await self._correct(stream, consumer, is_opening)
        raise Unavailable(f"the river {self._name} is made and lost again and again")

    async def _correct(self, stream: StreamInfo, consumer: ConsumerInfo, is_opening: bool) -> _State:
        config, pending = consumer.config, int(consumer.num_pending or 0)
        unacknowledged = int(consumer.num_ack_pending or 0)
        place = consumer.ack_floor if unacknowledged else consumer.delivered
        done = max(place.stream_seq if place else 0, (config.opt_start_seq or 1) - 1)
        metadata = config.metadata or {}
        noted = int(metadata.get(PASSED_BY, 0)) - 1
        # The server counts dropped events as delivered. What was done at the last check is certain.
        certain = done if self._done is None else self._done
        first = stream.state.first_seq
        if first > max(noted, certain) + 1:
            metadata = {**metadata, PASSED_BY: str(first)}
        known = config.filter_subjects or []
        subjects = self._subjects if is_opening else sorted({*self._subjects, *known})
        if metadata != (config.metadata or {}) or subjects != sorted(known):
            wanted = config.evolve(filter_subjects=subjects, metadata=metadata)
            consumer = await self._connection.jetstream.add_consumer(RAPIDS, wanted)
        if not unacknowledged and not pending:
            done = stream.state.last_seq  # the rest of the stream is for other rivers
        return _State(_epoch(stream, consumer), done, unacknowledged + pending)

    def _config(self, start: int) -> ConsumerConfig:
        return ConsumerConfig(
            name=self._name,
            durable_name=self._name,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_SECONDS,
            max_ack_pending=MAX_UNACKNOWLEDGED,
            max_deliver=-1,
            filter_subjects=self._subjects,
        )


def _epoch(stream: StreamInfo, consumer: ConsumerInfo) -> str:
    passed_by = (consumer.config.metadata or {}).get(PASSED_BY, "")
    return f"{stream.created} {consumer.created} {passed_by}".strip()


log = structlog.stdlib.get_logger(__name__)
