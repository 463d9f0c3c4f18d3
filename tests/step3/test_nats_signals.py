"""Signals and requests through a real server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from step3_async.rapids.bus import Unavailable
from step3_async.rapids.nats import connection
from step3_async.rapids.nats.connection import Connection
from tests.step3.nats_helpers import USERS, asynchronous, connections, until
from tests.step3.nats_server import ADMIN, NatsServer, nats_server
from tests.support.eventually import PATIENCE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path, **USERS) as server:
        yield server


class Recorder:
    """Records the messages that it receives."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []

    async def __call__(self, topic: str, text: bytes) -> None:
        self.messages.append((topic, text))


@asynchronous
async def test_subscribers_receive_in_order_and_by_patterns(server: NatsServer) -> None:
    async with connections(server) as connect:
        gateway, listing, searching = [await connect(user) for user in ("gateway", "list", "search")]
        applied, heartbeats, probes = Recorder(), Recorder(), Recorder()
        await gateway.subscribe("applied.>", applied)
        await gateway.subscribe("registry.heartbeat.*.one", heartbeats)
        await listing.subscribe("registry.probe", probes)
        for number in range(100):
            await listing.publish("applied.list", b"%d" % number)
        await searching.publish("registry.heartbeat.search.two", b"")
        await searching.publish("registry.heartbeat.search.one", b"")
        await gateway.publish("registry.probe", b"")
        await until(lambda: len(applied.messages) == 100 and heartbeats.messages and probes.messages)
        assert applied.messages == [("applied.list", b"%d" % number) for number in range(100)]
        assert heartbeats.messages == [("registry.heartbeat.search.one", b"")]


@asynchronous
async def test_failing_subscriber_receives_the_next_signal(server: NatsServer) -> None:
    async with connections(server) as connect:
        received: list[bytes] = []

        async def receive(_topic: str, text: bytes) -> None:
            received.append(text)
            if text == b"bad":
                raise ValueError(text)

        await (await connect("gateway")).subscribe("applied.>", receive)
        listing = await connect("list")
        await listing.publish("applied.list", b"bad")
        await listing.publish("applied.list", b"good")
        await until(lambda: received == [b"bad", b"good"])


@asynchronous
async def test_subscription_survives_a_restart_of_the_server(server: NatsServer) -> None:
    async with connections(server) as connect:
        gateway, listing = await connect("gateway"), await connect("list")
        recorder, changes = Recorder(), list[bool]()
        gateway.on_connection_change(changes.append)
        await gateway.subscribe("applied.>", recorder)
        await listing.reply("applied-query.list", echo)
        for round_ in range(1, 4):
            server.kill()
            await until(lambda: not listing.connected and not gateway.connected)
            await listing.publish("applied.list", b"lost")
            await asyncio.to_thread(server.start)
            await until(lambda: listing.connected and gateway.connected)
            await listing.publish("applied.list", b"%d" % round_)
            await until(lambda round_=round_: ("applied.list", b"%d" % round_) in recorder.messages)
            assert await gateway.request("applied-query.list", b"?", 5) == b"?"
        assert changes == [False, True] * 3
        assert ("applied.list", b"lost") not in recorder.messages


async def echo(text: bytes) -> bytes:
    return text


@asynchronous
async def test_one_of_several_repliers_gets_each_request(server: NatsServer) -> None:
    async with connections(server) as connect:
        gateway, replied = await connect("gateway"), [0, 0]

        def replying(index: int):
            async def response(text: bytes) -> bytes:
                replied[index] += 1
                return text

            return response

        for index in range(2):
            await (await connect("list")).reply("applied-query.list", replying(index))
        requested = [gateway.request("applied-query.list", b"%d" % number, 5) for number in range(200)]
        assert await asyncio.gather(*requested) == [b"%d" % number for number in range(200)]
        assert sum(replied) == 200
        assert all(replied)


@asynchronous
async def test_subscribe_returns_once_the_server_knows_it() -> None:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"max_payload": 1000, "headers": true}\r\n')
        while line := await reader.readline():
            received.append(line.split()[0])
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")

    async def ignore(_message: Any) -> None:
        return

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        link = Connection(f"nats://{host}:{port}", "test")
        link.start()
        await link.ready()
        received.clear()
        await link.subscribe("applied.list", ignore)
        await link.close()
    assert b"PING" in received[received.index(b"SUB") :]


@asynchronous
async def test_slow_replies_run_at_the_same_time(server: NatsServer) -> None:
    async with connections(server) as connect:
        under_way = 0
        all_came = asyncio.Event()

        async def response(text: bytes) -> bytes:
            nonlocal under_way
            under_way += 1
            if under_way == 10:
                all_came.set()
            await all_came.wait()
            return text

        await (await connect("list")).reply("applied-query.list", response)
        gateway = await connect("gateway")
        await asyncio.gather(*(gateway.request("applied-query.list", b"", PATIENCE) for _ in range(10)))


@asynchronous
async def test_requests_without_a_replier_fail_in_time(server: NatsServer) -> None:
    async with connections(server) as connect:
        gateway, listing = await connect("gateway"), await connect("list")
        with pytest.raises(Unavailable):
            await asyncio.wait_for(gateway.request("applied-query.list", b"", 2 * PATIENCE), PATIENCE)

        async def fail(text: bytes) -> bytes:
            raise ValueError(text)

        async def wait(_text: bytes) -> bytes:
            await asyncio.Event().wait()
            raise AssertionError

        await listing.reply("applied-query.list", fail)
        with pytest.raises(Unavailable, match="could not"):
            await asyncio.wait_for(gateway.request("applied-query.list", b"", 2 * PATIENCE), PATIENCE)
        await (await connect("search")).reply("applied-query.search", wait)
        with pytest.raises(Unavailable, match=r"0\.3"):
            await gateway.request("applied-query.search", b"", 0.3)


@asynchronous
async def test_request_fails_at_once_when_the_server_dies(server: NatsServer) -> None:
    async with connections(server) as connect:
        gateway, requested = await connect("gateway"), asyncio.Event()

        async def wait(_text: bytes) -> bytes:
            requested.set()
            await asyncio.Event().wait()
            raise AssertionError

        await (await connect("list")).reply("applied-query.list", wait)
        requesting = asyncio.create_task(gateway.request("applied-query.list", b"", 2 * PATIENCE))
        await requested.wait()
        server.kill()
        with pytest.raises(Unavailable, match="lost"):
            await asyncio.wait_for(requesting, PATIENCE)


@asynchronous
async def test_slow_subscriber_is_notified_of_losses(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_WAITING", 10)
    async with connections(server) as connect:
        gateway, may_receive, received = await connect("gateway"), asyncio.Event(), list[bytes]()

        async def receive(_topic: str, text: bytes) -> None:
            await may_receive.wait()
            received.append(text)

        changes: list[bool] = []
        gateway.on_connection_change(changes.append)
        await gateway.subscribe("applied.>", receive)
        listing = await connect("list")
        for number in range(40):
            await listing.publish("applied.list", b"%d" % number)
        await until(lambda: changes[:2] == [False, True])
        may_receive.set()
        await until(lambda: received)
        await listing.publish("applied.list", b"last")
        await until(lambda: received[-1] == b"last")
        assert len(received) < 40
        assert gateway.connected


@asynchronous
async def test_close_sends_published_messages(server: NatsServer) -> None:
    async with connections(server) as connect:
        recorder = Recorder()
        await (await connect("gateway")).subscribe("applied.>", recorder)
        admin = await connect(ADMIN)
        for number in range(500):
            await admin.publish("applied.list", b"%d" % number)
        await admin.close()
        await until(lambda: len(recorder.messages) == 500)
