"""One connection to a server, for as long as it lasts."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from step3_async.rapids.transport import Unavailable

CONNECT_SECONDS = 2
PING_SECONDS = 1
"""A server that leaves two pings without an answer is taken to be gone."""

ANSWER_SECONDS = 5.0
NOT_FOUND = 404

FAILURES = (OSError, TimeoutError, nats.errors.Error)
"""What calls of the client raise when a connection fails."""

Json = dict[str, Any]
Result = TypeVar("Result")


class Refused(Unavailable):
    """JetStream refused what was asked for; `code` is like HTTP's, `reason` its own number."""

    def __init__(self, told: Json) -> None:
        super().__init__(f"{told.get('description')} ({told.get('err_code')})")
        self.code, self.reason = int(told["code"]), int(told.get("err_code", 0))


class Connection(Client):
    """A client that does not connect again when its connection is lost: a new one is made in its place.

    So whatever it had yet to send is never sent later, behind what has been sent again meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, servers: list[str], name: str, inbox: str, on_error: Any) -> None:
        """Connect to one of `servers`. Raises one of FAILURES."""
        await self.connect(
            servers,
            name=name,
            inbox_prefix=inbox,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            error_cb=on_error,
            closed_cb=self._on_closed,
        )

    @property
    def server(self) -> str:
        """Where it leads to."""
        url = self.connected_url
        return f"{url.hostname}:{url.port}" if url else "nowhere"

    @property
    def usable(self) -> bool:
        """Whether it is connected still."""
        return self.is_connected and not self.lost.done()

    async def flush(self, timeout: int = CONNECT_SECONDS) -> None:
        """Wait until the server has handled all that was sent. Raises one of FAILURES."""
        # The client writes its ping at once, and so past what is yet to be written.
        await self._flush_pending(force_flush=True)
        await super().flush(timeout)

    async def within(self, work: Coroutine[Any, Any, Result], patience: float) -> Result:
        """The result of `work`. Raises Unavailable when the connection is lost or time is up before that."""
        task: asyncio.Future[Result] = asyncio.ensure_future(work)
        waits: set[asyncio.Future[Any]] = {task, self.lost}
        try:
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            why = "the connection was lost" if self.lost.done() else f"no answer within {patience:g} s"
            raise Unavailable(why)
        except FAILURES as error:
            raise Unavailable(str(error) or type(error).__name__) from error
        finally:
            task.cancel()

    async def asked(self, subject: str, text: bytes, patience: float) -> Msg:
        """The answer to a question. Raises Unavailable."""
        return await self.within(self.request(subject, text, timeout=patience), patience)

    async def api(self, call: str, told: Json | None = None) -> Json:
        """What JetStream answers to a call. Raises Refused and Unavailable."""
        text = json.dumps(told).encode() if told is not None else b""
        answer = await self.asked(f"$JS.API.{call}", text, ANSWER_SECONDS)
        found: Json = json.loads(answer.data)
        if "error" in found:
            raise Refused(found["error"])
        return found

    async def found(self, call: str, told: Json | None = None) -> Json | None:
        """The same, or None if there is no such thing."""
        try:
            return await self.api(call, told)
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise
            return None

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        # The client would first send what is left, fail at that if the connection is broken, and then leave
        # the socket, its tasks and its subscriptions as they are.
        self._pending.clear()
        self._pending_data_size = 0
        await super()._close(status, do_cbs)

    async def _on_closed(self) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
