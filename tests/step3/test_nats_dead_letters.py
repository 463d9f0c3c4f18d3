"""Dead letters on a real server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from step3_async.rapids.bus import DeadLetter
from step3_async.rapids.nats.streams import provision
from tests.step3.nats_helpers import USERS, asynchronous, batch, connections, event, number_of, take
from tests.step3.nats_server import ADMIN, NatsServer, nats_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


def letter(river: str, number: int, error: str = "no such tag") -> DeadLetter:
    return DeadLetter(river, event(number).dumps(), error, 5)


@asynchronous
async def test_dead_letters_are_kept_unchanged_until_they_are_deleted(server: NatsServer) -> None:
    async with connections(server) as connect:
        listing, searching, admin = [await connect(user) for user in ("list", "search", ADMIN)]
        assert not await admin.dead_letters()
        kept = [letter("list", 1, "ä\r\nNats-Msg-Id: x"), letter("search", 2), letter("list", 3)]
        for each, transport in zip(kept, (listing, searching, listing), strict=True):
            await transport.dead_letter(each)
        found = await admin.dead_letters()
        assert [each.dead_letter.data for each in found] == [each.data for each in kept]
        assert [(each.dead_letter.river, each.dead_letter.attempts) for each in found] == [
            ("list", 5),
            ("search", 5),
            ("list", 5),
        ]
        assert found[0].dead_letter.error == "ä  Nats-Msg-Id: x", "it is on one line"
        assert found[1].dead_letter == kept[1]
        assert await listing.dead_letters("list") == [found[0], found[2]]
        await admin.delete_dead_letter(found[0])
        await admin.delete_dead_letter(found[0])
        assert await admin.dead_letters() == found[1:]


@asynchronous
async def test_dead_letters_survive_a_restart_of_the_server(server: NatsServer) -> None:
    async with connections(server) as connect:
        await (await connect("list")).dead_letter(letter("list", 1))
        server.kill()
        await asyncio.to_thread(server.start)
        (found,) = await (await connect(ADMIN)).dead_letters("list")
        assert found.dead_letter == letter("list", 1)


@asynchronous
async def test_dead_letter_is_redriven_to_its_own_river_only(server: NatsServer) -> None:
    async with connections(server) as connect:
        listing, searching, admin = [await connect(user) for user in ("list", "search", ADMIN)]
        listed = await listing.open_river("list", ["posts"])
        searched = await searching.open_river("search", ["posts", "tag"])
        await (await connect("capture")).publish_events([event(1)])
        await take(searched, 1)
        (failing,) = await take(listed, 1)
        await listing.dead_letter(DeadLetter("list", failing.data, "no", failing.attempt))
        await listing.dead_letter(DeadLetter("list", b"no event at all", "no", 1))
        for kept in await admin.dead_letters("list"):
            await admin.redrive(kept)
        again, malformed = await take(listed, 2)
        assert (number_of(again), again.attempt) == (1, 1)
        assert malformed.data == b"no event at all"
        assert not await admin.dead_letters()
        assert not await batch(searched)


@asynchronous
async def test_hundreds_of_dead_letters_are_read(server: NatsServer) -> None:
    async with connections(server) as connect:
        listing = await connect("list")
        await asyncio.gather(*(listing.dead_letter(letter("list", number)) for number in range(700)))
        found = await listing.dead_letters("list")
        assert {each.dead_letter.data for each in found} == {
            letter("list", number).data for number in range(700)
        }
        assert [each.number for each in found] == sorted(each.number for each in found)
