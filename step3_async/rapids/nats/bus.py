"""The bus over NATS."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from secrets import token_hex

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NoStreamResponseError
from tenacity import stop_after_delay

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import (
    DeadLetter,
    MessageHandler,
    RequestHandler,
    StoredDeadLetter,
    Unavailable,
)
from step3_async.rapids.nats.connection import CONNECT_SECONDS, FAILURES, REPLY_SECONDS, Connection
from step3_async.rapids.nats.dead_letters import delete_dead_letter, headers_of, read_dead_letters
from step3_async.rapids.nats.river import NatsRiver
from step3_async.rapids.nats.streams import dead_subject, event_subject, make_streams, redrive_subject
from step3_async.rapids.tasks import cancel, retrying

PUBLISH_SECONDS = 20.0
"""Publishing is tried again for this long."""

CONFIRM_SECONDS = 5.0
MAX_SENT, MAX_SENT_BYTES = 500, 16_000_000
"""The most messages, and the most bytes, to send before the server has confirmed any of them."""

HEADER_BYTES = 1000
MESSAGE_ID = "Nats-Msg-Id"
MAX_REQUESTS = 32
FAILED = "Failed"
"""The header of a reply that says that the handler failed."""

STREAMS_SECONDS = 5.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class _Message:
    """A message to store. The server stores it only once if it comes again with the same id within two
    minutes.
    """

    subject: str
    id: str
    data: bytes
    headers: dict[str, str] = field(default_factory=dict)


class NatsBus:
    """The bus over NATS, as `step3_async.rapids.bus.Bus` describes it.

    With `provisions` it makes streams that are missing. `validate` raises ValueError for an event that must
    not be published.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        provisions: bool = False,
        validate: Callable[[Event], None] | None = None,
    ) -> None:
        self._connection = Connection(url, name, prepare=_make_streams if provisions else None)
        self._provisions, self._validate = provisions, validate
        self._provisioning: asyncio.Task[None] | None = None
        self._replying: set[asyncio.Task[None]] = set()

    async def start(self, timeout: float) -> None:
        """Connect. After `timeout` seconds that goes on in the background."""
        self._connection.start()
        if self._provisions:
            self._provisioning = asyncio.create_task(self._provision(), name="nats streams")
        with contextlib.suppress(Unavailable):
            await self._connection.ready(timeout)

    @property
    def connected(self) -> bool:
        return self._connection.connected

    def on_connection_change(self, callback: Callable[[bool], None]) -> None:
        self._connection.on_change(callback)

    async def publish_events(self, events: Sequence[Event], to: str | None = None) -> None:
        if self._validate:
            for event in events:
                self._validate(event)
        await self._store([_event_message(event, to) for event in events])

    async def open_river(self, name: str, domains: Sequence[str]) -> NatsRiver:
        river = NatsRiver(self._connection, name, domains)
        await river.open()
        return river

    async def dead_letter(self, dead_letter: DeadLetter) -> None:
        subject = dead_subject(dead_letter.river)
        await self._store([_Message(subject, token_hex(16), dead_letter.data, headers_of(dead_letter))])

    async def dead_letters(self, river: str | None = None) -> Sequence[StoredDeadLetter]:
        return await read_dead_letters(self._connection, river)

    async def delete_dead_letter(self, stored: StoredDeadLetter) -> None:
        await delete_dead_letter(self._connection, stored)

    async def redrive(self, stored: StoredDeadLetter) -> None:
        dead_letter = stored.dead_letter
        subject = redrive_subject(dead_letter.river)
        await self._store([_Message(subject, f"{dead_letter.river} {stored.number}", dead_letter.data)])
        await self.delete_dead_letter(stored)

    async def publish(self, topic: str, content: bytes) -> None:
        if self.connected:
            with contextlib.suppress(*FAILURES):
                await (await self._connection.ready()).publish(topic, content)

    async def subscribe(self, topic: str, handler: MessageHandler) -> None:
        async def handle(message: Msg) -> None:
            try:
                await handler(message.subject, message.data)
            except Exception:
                log.exception("a message could not be handled", topic=message.subject)

        await self._connection.subscribe(topic, handle)

    async def reply(self, topic: str, handler: RequestHandler) -> None:
        free = asyncio.Semaphore(MAX_REQUESTS)

        async def respond(message: Msg) -> None:
            try:
                content, headers = await handler(message.data), None
            except Exception:
                log.exception("a request could not be handled", topic=topic)
                content, headers = b"", {FAILED: "1"}
            finally:
                free.release()
            with contextlib.suppress(*FAILURES):
                client = await self._connection.ready()
                await client.publish(message.reply, content, headers=headers)

        async def handle(message: Msg) -> None:
            await free.acquire()
            task = asyncio.create_task(respond(message), name=f"reply {topic}")
            self._replying.add(task)
            task.add_done_callback(self._replying.discard)

        await self._connection.subscribe(topic, handle, queue=topic)

    async def request(self, topic: str, content: bytes, timeout: float) -> bytes:
        client = await self._connection.ready(timeout)
        # A little longer than the client's own time-out: ours then says why.
        message = await self._connection.call(client.request(topic, content, timeout + 1), timeout)
        if message.headers and FAILED in message.headers:
            raise Unavailable(f"the request {topic} could not be handled")
        return message.data

    async def close(self) -> None:
        if self._provisioning:
            await cancel(self._provisioning)
        if self._replying:
            await asyncio.wait(self._replying, timeout=CONNECT_SECONDS)
        await self._connection.close()

    async def _store(self, messages: Sequence[_Message]) -> None:
        """Send messages, and return when all of them are on disk.

        Raises Unavailable after PUBLISH_SECONDS, and ValueError for a message that is too large for the
        server.
        """
        await self._connection.ready(PUBLISH_SECONDS)
        largest = self._connection.max_payload - HEADER_BYTES
        for message in messages:
            if len(message.data) > largest:
                raise ValueError(f"{message.subject} {message.id} has {len(message.data)} bytes of {largest}")
        for together in _together(messages):
            unconfirmed: Sequence[_Message] = together
            async for attempt in retrying(Unavailable, stop=stop_after_delay(PUBLISH_SECONDS)):
                with attempt:
                    unconfirmed, error = await self._send(unconfirmed)
                    if error is not None:
                        raise Unavailable(f"events are not stored: {error}") from error

    async def _send(self, messages: Sequence[_Message]) -> tuple[Sequence[_Message], Exception | None]:
        """Send messages together. Return those that are not confirmed, and an error of one of them."""
        await self._connection.ready(CONFIRM_SECONDS)
        jetstream = self._connection.jetstream
        tasks = [
            asyncio.create_task(
                jetstream.publish(
                    each.subject, each.data, CONFIRM_SECONDS, headers={**each.headers, MESSAGE_ID: each.id}
                )
            )
            for each in messages
        ]
        await self._connection.wait(tasks, CONFIRM_SECONDS)
        errors = [_error_of(task) for task in tasks]
        failed = [message for message, error in zip(messages, errors, strict=True) if error is not None]
        return failed, next((error for error in errors if error is not None), None)

    async def _provision(self) -> None:
        """Make the streams again whenever somebody has removed them."""
        while True:
            await asyncio.sleep(STREAMS_SECONDS)
            await _make_streams(await self._connection.ready(None))


async def _make_streams(client: Client) -> None:
    try:
        await make_streams(client.jetstream(timeout=REPLY_SECONDS))
    except FAILURES as error:
        log.warning("the streams could not be made", error=str(error))


def _event_message(event: Event, to: str | None) -> _Message:
    subject = event_subject(event.event_domain, event.event_name, to)
    return _Message(subject, f"{event.event_id} {to}" if to else event.event_id, event.dumps())


def _together(messages: Sequence[_Message]) -> Iterator[Sequence[_Message]]:
    """Split messages into parts that may be sent together."""
    part: list[_Message] = []
    size = 0
    for message in messages:
        if part and (len(part) >= MAX_SENT or size + len(message.data) > MAX_SENT_BYTES):
            yield part
            part, size = [], 0
        part.append(message)
        size += len(message.data)
    if part:
        yield part


def _error_of(task: "asyncio.Task[object]") -> Exception | None:
    if not task.done() or task.cancelled():
        task.cancel()
        return Unavailable("the server did not confirm them")
    error = task.exception()
    if isinstance(error, NoStreamResponseError):
        return Unavailable("there are no rapids: nobody has made them")
    if error is not None and not isinstance(error, (*FAILURES, Unavailable)):
        raise error
    return error if isinstance(error, Exception) else None
