"""Slow clients occupy no place among the requests in flight."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from aiohttp import web

from step3_async.gateway.ingress import server
from step3_async.gateway.ingress.slow_clients import WaitingConnections, affordable_connections
from tests.step3.backends import Stage, hang, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

MOST = 4
PATIENCE = 30.0
"""Seconds within which everything happens that must happen, on any machine."""

HEAD = b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"


@dataclass
class Socket:
    """A client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def status(self) -> int:
        """Read the next response, and return its status."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        headers = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:] if line)
        await self.reader.readexactly(int(headers[b"content-length"]))
        return int(head.split()[1])

    async def trickle(self, pieces: Iterable[bytes]) -> bytes:
        """Send piece after piece until the other side has closed the connection; return what it sent."""
        received = asyncio.create_task(self._all())
        for piece in pieces:
            if received.done():
                break
            self.writer.write(piece)
            await asyncio.wait([received], timeout=0.02)
        return await asyncio.wait_for(received, PATIENCE)

    async def _all(self) -> bytes:
        received = b""
        with suppress(ConnectionResetError):  # which a client gets that is still sending
            while piece := await self.reader.read(65_536):
                received += piece
        return received


@asynccontextmanager
async def sockets(stage: Stage, count: int, sent: bytes = b"") -> AsyncIterator[list[Socket]]:
    """Yield `count` connections over which only `sent` is sent."""
    made = [Socket(*await stage.connect()) for _ in range(count)]
    for each in made:
        each.writer.write(sent)
    try:
        yield made
    finally:
        for each in made:
            each.writer.close()


async def is_served(stage: Stage) -> None:
    """Check that other clients get responses, with bodies and without."""
    assert (await stage.get("/")).status == 200
    assert (await stage.request("POST", "/login", json={})).status == 200


small = pytest.mark.settings(REQUESTS_AT_ONCE=str(MOST))
"""A gateway with few places for requests."""


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", HEAD, HEAD + b"{"], ids=["silent", "head", "body", "half"]
)
@small
@asynchronous
async def test_waiting_connections_occupy_no_place(stage: Stage, sent: bytes) -> None:
    await stage.add("web")
    async with sockets(stage, 3 * MOST, sent) as slow:
        for _ in range(3):
            await is_served(stage)
        rest = (HEAD + b"{}").removeprefix(sent) if sent != b"GET / HT" else b"TP/1.1\r\nHost: a\r\n\r\n"
        for each in slow:
            each.writer.write(rest)
            assert await each.status() == 200


@small
@asynchronous
async def test_complete_request_needs_a_place(stage: Stage) -> None:
    backend = await stage.add("web", handler=hang)
    async with sockets(stage, MOST, HEAD + b"{}"):
        await until(lambda: len(backend.requests) == MOST)
        assert stage.gateway.handler.in_flight == MOST
        assert (await stage.request("POST", "/login", json={})).status == 503
    # A command is finished, even if its client leaves.
    await until(lambda: stage.gateway.handler.in_flight == MOST)


@pytest.mark.parametrize(
    ("begun", "piece"),
    [(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n"), (HEAD[:-6] + b"9999\r\n\r\n", b"x")],
)
@pytest.mark.settings(HEAD_SECONDS="0.4", BODY_SECONDS="0.4")
@asynchronous
async def test_a_client_that_trickles_is_cut_off(stage: Stage, begun: bytes, piece: bytes) -> None:
    await stage.add("web")
    async with sockets(stage, 1, begun) as (slow,):
        received = await slow.trickle(piece for _ in range(1500))
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"_status":"ERR"' in received
    await is_served(stage)


@pytest.mark.settings(HEAD_SECONDS="0.4")
@asynchronous
async def test_client_that_still_trickles_after_its_response_is_cut_off(stage: Stage) -> None:
    head = HEAD.replace(b"/login", b"/health/live").replace(b"Length: 2", b"Length: 60000")
    async with sockets(stage, 1, head) as (slow,):
        assert (await slow.trickle(b"x" for _ in range(1500))).startswith(b"HTTP/1.1 405 ")


@pytest.mark.settings(HEAD_SECONDS="0.2")
@asynchronous
async def test_a_connection_that_is_used_again_is_not_cut_off(stage: Stage) -> None:
    await stage.add("web")
    async with sockets(stage, 1) as (again,):
        for _ in range(4):
            again.writer.write(HEAD)
            await asyncio.sleep(0.15)
            again.writer.write(b"{}")
            assert await again.status() == 200


@pytest.mark.settings(WAITING_AT_ONCE="3")
@asynchronous
async def test_oldest_of_too_many_waiting_connections_is_closed(stage: Stage) -> None:
    await stage.add("web")
    async with sockets(stage, 3, HEAD) as first:
        await is_served(stage)  # over a connection of its own
        assert await asyncio.wait_for(first[0].reader.read(), PATIENCE) == b""
        for each in first[1:]:
            each.writer.write(b"{}")
            assert await each.status() == 200


@asynchronous
async def test_half_closed_connection_gets_its_response(stage: Stage) -> None:
    async def late(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return web.Response(text="late")

    await stage.add("web", handler=late)
    reader, writer = await stage.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    writer.write_eof()
    assert (await reader.read()).endswith(b"late")
    writer.close()


@asynchronous
async def test_a_silent_connection_is_closed(stage: Stage) -> None:
    stage.server.config.timeout_keep_alive = 0
    async with sockets(stage, 1) as (silent,):
        assert await asyncio.wait_for(silent.reader.read(), PATIENCE) == b""


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux ends such connections")
@asynchronous
async def test_a_client_that_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UNREAD_SECONDS", 1)
    ended = asyncio.Event()

    class Responding(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transport.write(b"x" * 20_000_000)
            transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            ended.set()

    listening = server.bound_socket("127.0.0.1", 0)
    async with await asyncio.get_running_loop().create_server(Responding, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        writer.transport.pause_reading()
        await asyncio.wait_for(ended.wait(), PATIENCE)
        writer.transport.abort()


def test_waiting_connections_are_closed_in_the_order_of_arrival() -> None:
    gone: list[str] = []

    class Connection(asyncio.Transport):
        def __init__(self, name: str) -> None:
            self.name = name

        def abort(self) -> None:
            gone.append(self.name)

    waiting, connections = WaitingConnections(2), [Connection(name) for name in "abcd"]
    for each in (connections[0], connections[1], connections[0]):
        waiting.add(each)
    assert gone == []
    waiting.add(connections[2])
    waiting.remove(connections[1])
    waiting.add(connections[3])
    assert gone == ["a"]
    waiting.add(connections[0])
    assert gone == ["a", "c"]


def test_waiting_connections_leave_file_descriptors_for_calls() -> None:
    assert affordable_connections(1) == 1
    assert 1 < affordable_connections(10**9) < 10**6
