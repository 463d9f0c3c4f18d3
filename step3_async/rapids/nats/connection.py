"""The connection to NATS. When it is lost nats-py connects again, and this module notifies its users."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from step3_async.rapids.bus import Unavailable
from step3_async.rapids.tasks import cancel

CONNECT_SECONDS = 2
RECONNECT_SECONDS = 0.2
PING_SECONDS = 1
"""A server that leaves two pings without a reply counts as gone."""

REPLY_SECONDS = 5.0
CLOSE_SECONDS = 5.0
MAX_WAITING, MAX_WAITING_BYTES = 50_000, 32_000_000
"""The most messages, and the most bytes, that wait for a handler. If there are more, some are lost, and the
bus notifies its users.
"""

FAILURES = (OSError, TimeoutError, nats.errors.Error)
"""The errors that the client raises when a server is away, or refuses something."""

MessageCallback = Callable[[Msg], Awaitable[None]]
Prepare = Callable[[Client], Awaitable[None]]
Result = TypeVar("Result")

log = structlog.stdlib.get_logger(__name__)


class Connection:
    """A connection to one of the servers in `url`, with commas between them. `name` is for operators.

    `prepare` is called with each new connection before anybody else uses it.
    """

    def __init__(self, url: str, name: str, prepare: Prepare | None = None) -> None:
        self._servers, self._name = url.split(","), name
        user = urlsplit(self._servers[0]).username
        # The permissions of a user allow inboxes of this prefix only.
        self._inbox = f"_INBOX_{unquote(user)}" if user else "_INBOX"
        self._prepare = prepare
        self._client = Client()
        self._connected = asyncio.Event()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed = asyncio.Event()
        self._subscriptions: list[tuple[str, str, MessageCallback]] = []
        self._callbacks: list[Callable[[bool], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._complaint = ""

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connected.is_set()

    @property
    def jetstream(self) -> JetStreamContext:
        """The client's JetStream."""
        return self._client.jetstream(timeout=REPLY_SECONDS)

    @property
    def max_payload(self) -> int:
        """The most bytes that the server accepts in a message."""
        return self._client.max_payload

    def start(self) -> None:
        """Connect in the background, however long that takes."""
        self._task = asyncio.create_task(self._stay_connected(), name="nats")

    async def ready(self, timeout: float | None = REPLY_SECONDS) -> Client:
        """Return the client once it is connected. Raises Unavailable after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._connected.wait()
        except TimeoutError:
            raise Unavailable(self._complaint or "there is no connection to NATS") from None
        return self._client

    async def wait(self, tasks: Iterable["asyncio.Future[Any]"], timeout: float) -> None:
        """Wait until all tasks are done, the connection is lost, or `timeout` seconds are over."""
        every: asyncio.Future[Any] = asyncio.gather(*tasks, return_exceptions=True)
        both = {every, self._lost}
        try:
            await asyncio.wait(both, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            every.cancel()

    async def call(self, work: Coroutine[Any, Any, Result], timeout: float = REPLY_SECONDS) -> Result:
        """Return the result of `work`. Raises Unavailable when the server refuses, is lost, or is slow."""
        task: asyncio.Future[Result] = asyncio.ensure_future(work)
        both: set[asyncio.Future[Any]] = {task, self._lost}
        try:
            await asyncio.wait(both, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Unavailable(
                "the connection was lost" if self._lost.done() else f"no reply within {timeout:g} s"
            )
        except FAILURES as error:
            raise Unavailable(str(error) or type(error).__name__) from error
        finally:
            task.cancel()

    async def subscribe(self, topic: str, callback: MessageCallback, queue: str = "") -> None:
        """Call `callback` with each message. Of the subscribers with the same `queue` one gets each
        message.
        """
        self._subscriptions.append((topic, queue, callback))
        if self.connected:
            with contextlib.suppress(*FAILURES):  # then it is done with the next connection
                await _subscribe(self._client, topic, queue, callback)

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """Call `callback` when the connection is lost, and when it is back."""
        self._callbacks.append(callback)

    async def close(self) -> None:
        """Send all messages that are still waiting, and disconnect."""
        if self._task:
            await cancel(self._task)
        with contextlib.suppress(*FAILURES):
            if self.connected:
                await self._client.flush(CONNECT_SECONDS)
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._client.close()

    async def _stay_connected(self) -> None:
        """Connect again if a server ends the connection with an error; nats-py does not do that itself."""
        while True:
            self._client, self._closed = Client(), asyncio.Event()
            await self._client.connect(
                self._servers,
                name=self._name,
                inbox_prefix=self._inbox,
                connect_timeout=CONNECT_SECONDS,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]
                ping_interval=PING_SECONDS,
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnected,
                reconnected_cb=self._on_connected,
                closed_cb=self._on_closed,
            )
            for subscription in self._subscriptions:
                await _subscribe(self._client, *subscription)
            await self._on_connected()
            await self._closed.wait()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _on_connected(self) -> None:
        url = self._client.connected_url
        log.info("connected to NATS", server=f"{url.hostname}:{url.port}" if url else None)
        if self._prepare:
            await self._prepare(self._client)
        self._complaint, self._lost = "", asyncio.get_running_loop().create_future()
        self._connected.set()
        self._notify(True)

    async def _on_disconnected(self) -> None:
        if self.connected:
            log.warning("lost the connection to NATS", error=str(self._client.last_error or "it was closed"))
            self._connected.clear()
            self._lost.set_result(None)
            self._notify(False)

    async def _on_closed(self) -> None:
        self._closed.set()

    async def _on_error(self, error: Exception) -> None:
        complaint = str(error) or type(error).__name__
        if isinstance(error, nats.errors.SlowConsumerError):
            log.warning("lost messages: they came faster than they were handled", topic=error.subject)
            self._notify(False)
            self._notify(True)
        elif self.connected:
            if not isinstance(error, nats.errors.UnexpectedEOF):
                log.warning("NATS reports an error", error=complaint)
        elif complaint != self._complaint:
            log.warning("no connection to NATS", error=complaint)
            self._complaint = complaint

    def _notify(self, connected: bool) -> None:
        for callback in self._callbacks:
            try:
                callback(connected)
            except Exception:
                log.exception("a callback for the connection failed")


async def _subscribe(client: Client, topic: str, queue: str, callback: MessageCallback) -> None:
    await client.subscribe(
        topic,
        queue=queue,
        cb=callback,
        pending_msgs_limit=MAX_WAITING,
        pending_bytes_limit=MAX_WAITING_BYTES,
    )
    # nats-py sends the ping of `flush` before what waits to be sent. By the second ping all of that is sent.
    for _ in range(2):
        await client.flush(CONNECT_SECONDS)
