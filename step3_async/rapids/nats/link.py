"""A connection that is there again whenever it was lost."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import nats.errors
import structlog

from step3_async.rapids.cancelling import cancel
from step3_async.rapids.nats.connection import FAILURES, Connection
from step3_async.rapids.nats.settings import user_of
from step3_async.rapids.transport import Unavailable

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 1.0
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 5.0

Establish = Callable[[Connection], Awaitable[None]]

log = structlog.stdlib.get_logger(__name__)


class Link:
    """Keeps one connection to one of the servers that `url` names, with commas between them."""

    def __init__(self, url: str, name: str) -> None:
        self._servers, self._name = url.split(","), name
        user = user_of(url)
        # Each user may listen to its own inboxes only.
        self._inbox = f"_INBOX_{user}" if user else "_INBOX"
        self._there = asyncio.Event()
        self._connection: Connection | None = None
        self._standing: list[Establish] = []
        self._callbacks: list[Callable[[bool], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._complaint = ""

    def start(self) -> None:
        """Connect, and go on doing so, in the background."""
        self._task = asyncio.create_task(self._keep(), name="nats link")

    @property
    def now(self) -> Connection | None:
        """The connection, if there is one."""
        return self._connection if self._connection and self._connection.usable else None

    async def connection(self, patience: float | None = None) -> Connection:
        """The connection, as soon as there is one. Raises Unavailable after `patience` seconds without."""
        try:
            async with asyncio.timeout(patience):
                while not (now := self.now):
                    self._there.clear()
                    await self._there.wait()
        except TimeoutError:
            raise Unavailable(self._complaint or "there is no connection to NATS") from None
        return now

    async def establish(self, what: Establish) -> None:
        """Do `what` with the connection, and with each new one before anybody else gets it."""
        self._standing.append(what)
        if now := self.now:
            with contextlib.suppress(*FAILURES):  # then the next connection will have it
                await what(now)

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """See Transport."""
        self._callbacks.append(callback)

    async def close(self) -> None:
        """Send what is to be sent, and end the connection."""
        if self._task:
            await cancel(self._task)
        if now := self.now:
            with contextlib.suppress(Unavailable):
                await now.within(now.flush(), CLOSE_SECONDS)
            await now.close()
        self._connection = None

    async def _keep(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            connection = Connection()
            try:
                await connection.open(self._servers, self._name, self._inbox, self._on_error)
                for each in self._standing:  # with what is added meanwhile
                    await each(connection)
            except Exception as error:
                self._complain(error)
                await _end(connection)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
                continue
            except BaseException:
                await _end(connection)
                raise
            wait, self._complaint = FIRST_WAIT_SECONDS, ""
            await self._use(connection)

    async def _use(self, connection: Connection) -> None:
        """Have everybody use a new connection, until it is lost."""
        self._connection = connection
        log.info("connected to NATS", server=connection.server)
        self._tell(True)
        self._there.set()
        while connection.usable:
            await asyncio.wait({connection.lost}, timeout=LOOK_SECONDS)
        log.warning("the connection to NATS was lost", error=str(connection.last_error or "it ended"))
        self._tell(False)
        await _end(connection)

    def _tell(self, connected: bool) -> None:
        for callback in self._callbacks:
            try:
                callback(connected)
            except Exception:
                log.exception("telling of the connection failed")

    def _complain(self, error: BaseException) -> None:
        """Log why there is no connection, once for each reason."""
        complaint = str(error) or type(error).__name__
        if isinstance(error, nats.errors.NoServersError) and self._complaint:
            return
        if complaint != self._complaint:
            log.warning("no connection to NATS", error=complaint)
        self._complaint = complaint

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            log.warning("signals were lost: they came faster than they were heard", subject=error.subject)
            self._tell(False)
            self._tell(True)
        elif self.now is None:
            self._complain(error)
        elif not isinstance(error, nats.errors.UnexpectedEOF):
            log.warning("NATS has a complaint", error=str(error) or type(error).__name__)


async def _end(connection: Connection) -> None:
    with contextlib.suppress(*FAILURES):
        await connection.close()
