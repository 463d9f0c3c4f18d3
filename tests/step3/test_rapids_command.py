"""The command `rapids`, against a real server, with consumers that fill real ponds."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from step3_async.contracts.envelope import Event
from step3_async.rapids.announcer import Announcer
from step3_async.rapids.bus import Bus
from step3_async.rapids.consumer import Consumer
from step3_async.rapids.messages import Announcement
from step3_async.rapids.nats.streams import provision
from step3_async.rapids.pond import Pond
from step3_async.rapids.pond.tombstones import TOMBSTONES_KEPT
from tests.conftest import ROOT
from tests.step3.consumers import QUICK, Capture, RecordingHandler
from tests.step3.histories import Change, event
from tests.step3.nats_helpers import Connect, asynchronous, connections, until
from tests.step3.nats_server import NatsServer, nats_server

USERS = {
    "capture": {"publishes": ["papers"], "provisions": True, "topics": {"reply": ["snapshot.request"]}},
    "search": {"subscriptions": ["papers"]},
}
HISTORY: list[Change] = [(f"p_{number}", {"title": str(number)}) for number in range(9)]


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


@pytest.fixture
def pond(database: Database[dict[str, Any]]) -> Pond:
    return Pond(database["papers"], "papers", ("title",))


async def rapids(server: NatsServer, *arguments: str, code: int = 0) -> str:
    """Run the command, and return what it prints. Raises AssertionError if it shows a traceback."""
    process = await start_rapids(server, *arguments)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    text = (out + err).decode()
    assert process.returncode == code, text
    assert "Traceback" not in text and "password-" not in text
    return text


async def start_rapids(server: NatsServer, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "step3_async.rapids", *arguments),
        cwd=ROOT,
        env={**os.environ, "NATS_URL": server.url()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def running_consumer(connect: Connect, handler: Any) -> AsyncIterator[Consumer]:
    consumer = Consumer(await connect("search"), "search", {"papers": handler}, delays=QUICK)
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        await consumer.stop()
        await running


async def capture(connect: Connect) -> tuple[Bus, Capture]:
    transport = await connect("capture")
    made = Capture(transport, {"papers": list(HISTORY)})
    await made.begin()
    return transport, made


@asynccontextmanager
async def dead_letters(server: NatsServer, *events: Event) -> AsyncIterator[tuple[Bus, RecordingHandler]]:
    """Make these events dead letters of a handler that works again afterwards; yield an operator's bus."""
    is_broken = True

    def handle(_event: Event) -> None:
        if is_broken:
            raise ValueError("no good")

    handler = RecordingHandler(handle)
    async with connections(server) as connect, running_consumer(connect, handler) as consumer:
        publisher, _ = await capture(connect)
        await until(lambda: consumer.ready)
        await publisher.publish_events(events)
        operator = await connect("admin")
        await until(lambda: some_dead(operator, len(events)))
        is_broken = False
        yield operator, handler


def aged(number: int, age: timedelta) -> Event:
    return event("papers", number, f"p_{number}", {}, timestamp=datetime.now(UTC) - age)


class TestDeadLetters:
    @asynchronous
    async def test_dead_letters_are_listed_with_their_errors_and_redriven(self, server: NatsServer) -> None:
        young = timedelta()
        async with dead_letters(server, aged(1, young), aged(2, young)) as (_, handler):
            listed = await rapids(server, "dead")
            assert listed.count("ValueError: no good") == 2
            assert "papers changed p_1  5 attempts" in listed
            assert await rapids(server, "dead", "--river", "list") == "There are no dead letters.\n"
            number = listed.split()[0]
            assert await rapids(server, "redrive", number) == "Redriven: 1.\n"
            await until(lambda: len(handler.handled) == 1)
            assert "no dead letter 999" in await rapids(server, "redrive", "999", code=1)
            assert await rapids(server, "redrive", "--all", "--river", "list") == "Redriven: 0.\n"
            assert await rapids(server, "redrive", "--all") == "Redriven: 1.\n"
            await until(lambda: sorted(handler.handled) == ["papers-1", "papers-2"])
            assert await rapids(server, "dead") == "There are no dead letters.\n"

    @asynchronous
    async def test_events_older_than_tombstones_are_not_redriven(self, server: NatsServer) -> None:
        hour = timedelta(hours=1)
        old, young = aged(1, TOMBSTONES_KEPT + hour), aged(2, TOMBSTONES_KEPT - hour)
        async with dead_letters(server, old, young) as (operator, handler):
            printed = await rapids(server, "redrive", "--all", code=1)
            assert "Redriven: 1.\n" in printed
            assert "rapids rebuild" in printed
            await until(lambda: handler.handled == [young.event_id])
            (left,) = await operator.dead_letters()
            assert f"Left: {left.number}. " in printed
            assert old.event_id.encode() in left.dead_letter.data


class TestRebuild:
    @asynchronous
    @pytest.mark.parametrize("options", [(), ("--empty",)])
    async def test_pond_is_made_again(self, server: NatsServer, pond: Pond, options: Any) -> None:
        async with connections(server) as connect, running_consumer(connect, pond) as consumer:
            _, there = await capture(connect)
            await until(lambda: consumer.ready)
            pond.collection.delete_many({"title": {"$gt": "4"}})
            there.holds_back = True
            command = asyncio.create_task(rapids(server, "rebuild", "search", *options))
            await until(lambda: len(there.requests) > 1 and there.requests[-1].again)
            assert pond.collection.count_documents({}) == (0 if options else 5)
            await there.give("search", "papers")
            printed = await command
            assert "papers: complete, 5 pages\nDone in " in printed
            assert pond.collection.count_documents({}) == 9

    @asynchronous
    async def test_unknown_service_is_reported_with_the_known_ones(
        self, server: NatsServer, pond: Pond
    ) -> None:
        async with connections(server) as connect:
            announcer = Announcer(await connect("search"), announcement)
            await announcer.start()
            printed = await rapids(server, "rebuild", "serach", code=1)
            assert printed == "Error: serach is not up, or subscribes to no events; these do: search.\n"
            await announcer.leave()
            assert "nobody does" in await rapids(server, "rebuild", "search", code=1)

    @asynchronous
    async def test_rebuild_without_capture_waits_and_reports_it(self, server: NatsServer, pond: Pond) -> None:
        async with connections(server) as connect, running_consumer(connect, pond):
            await until(lambda: pond.snapshots.get("papers"))
            printed = await rapids(server, "rebuild", "search", "--patience", "1", code=1)
            assert "papers: waits for capture\n" in printed
            assert "Error: search is not done within 1 s, and goes on.\n" in printed


class TestWatch:
    @asynchronous
    async def test_watch_prints_events_as_they_come(self, server: NatsServer) -> None:
        async with connections(server) as connect:
            publisher, _ = await capture(connect)
            process = await start_rapids(server, "watch", "--count", "2")
            assert process.stderr and (await process.stderr.readline()) == b"Watching.\n"
            await publisher.publish_events(
                [
                    event("papers", 1, "p_1", {"title": "x"}, payload={"title": "x"}),
                    event("papers", 2, "p_2", None),
                ]
            )
            out, _ = await asyncio.wait_for(process.communicate(), 20)
            first, second = out.decode().splitlines()
            assert first.split()[1:] == ["papers", "changed", "p_1", '{"title":"x"}']
            assert second.split()[1:4] == ["papers", "removed", "p_2"]

    @asynchronous
    async def test_watch_prints_complete_events_of_one_domain(self, server: NatsServer) -> None:
        async with connections(server) as connect:
            publisher = await connect("admin")
            process = await start_rapids(server, "watch", "--count", "1", "--json", "--domain", "papers")
            assert process.stderr and (await process.stderr.readline()) == b"Watching.\n"
            found = event("papers", 2, "p_2", {"title": "x"})
            await publisher.publish_events([event("notes", 1, "n_1", {}), found])
            out, _ = await asyncio.wait_for(process.communicate(), 20)
            assert json.loads(out) == json.loads(found.dumps())


class TestOther:
    @asynchronous
    async def test_setup_can_be_done_again(self, server: NatsServer) -> None:
        assert await rapids(server, "setup") == "The rapids are there.\n"

    @asynchronous
    async def test_the_asyncapi_document_is_printed(self, server: NatsServer) -> None:
        assert json.loads(await rapids(server, "asyncapi"))["asyncapi"] == "3.0.0"

    @pytest.mark.drill
    @asynchronous
    async def test_server_that_is_away_is_reported(self, server: NatsServer) -> None:
        server.stop()
        commands = (["dead"], ["setup"], ["redrive", "--all"], ["rebuild", "search"], ["watch"])
        for printed in await asyncio.gather(*(rapids(server, *each, code=1) for each in commands)):
            assert printed.startswith("Error: The rapids cannot be reached: ")
            assert printed.endswith(" Is the step up, and NATS_URL right?\n")

    @asynchronous
    async def test_redrive_needs_an_argument(self, server: NatsServer) -> None:
        assert "--all" in await rapids(server, "redrive", code=2)
        assert "--all" in await rapids(server, "redrive", "1", "--all", code=2)


def announcement() -> Announcement:
    return Announcement(
        service="search",
        version="v1",
        instance="search-1",
        url="http://127.0.0.1:1",
        tags=[],
        subscriptions=["papers"],
        state="up",
        pid=1,
    )


async def some_dead(operator: Bus, count: int) -> bool:
    return len(await operator.dead_letters()) == count
