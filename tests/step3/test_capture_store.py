"""What capture needs in MongoDB: images, the permissions of its user, leases and resume tokens."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database
from pymongo.errors import OperationFailure

from kit.mongo.client import connect
from kit.mongo.prepare import keep_images, prepare_beside
from step3_async.capture import lease as leases
from step3_async.capture.capture import connect_to_mongodb
from step3_async.capture.lease import Lease, LeaseLost
from step3_async.capture.resume_token import ResumeToken
from tests.step3.owners import Owners, owners
from tests.support.eventually import eventually

Document = dict[str, Any]


@pytest.fixture
def own(mongod: Any) -> Iterator[Owners]:
    with owners(mongod) as made:
        yield made


def images(database: Database[Document], collection: str) -> Any:
    (found,) = database.list_collections(filter={"name": collection})
    return found["options"].get("changeStreamPreAndPostImages")


def test_collections_keep_images_whether_they_are_there_or_not(
    mongod: Any, mongo_client: MongoClient[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    uri = mongod.add_user(name)
    monkeypatch.setenv("MONGODB_URI", uri)
    with connect(uri) as client:
        client[name]["old"].insert_one({"_id": "a"})
        is_done = prepare_beside(client[name], {}, images=("old", "new"))

        def check() -> None:
            assert is_done()

        eventually(check)
        assert images(client[name], "old") == images(client[name], "new") == {"enabled": True}
        assert client[name]["old"].count_documents({}) == 1
        keep_images(client[name], "old")
        # Several instances may start at the same moment.
        starting = [threading.Thread(target=keep_images, args=(client[name], "newer")) for _ in range(8)]
        for each in starting:
            each.start()
        for each in starting:
            each.join()
        assert images(client[name], "newer") == {"enabled": True}
    mongo_client[name].command("dropUser", name)
    mongo_client.drop_database(name)


def test_its_user_sees_what_is_captured_and_nothing_else(own: Owners) -> None:
    members = own.client[f"{own.prefix}members"]
    members["members"].insert_one({"_id": "ada", "password": "hash"})
    with connect(own.capture) as client:
        mine = client[f"{own.prefix}members"]
        mine["revoked"].find_one()
        with mine["revoked"].watch(max_await_time_ms=1) as stream:
            stream.try_next()
        for forbidden in (
            mine["members"].find_one,
            mine["members"].watch,
            mine.watch,
            lambda: mine["revoked"].insert_one({}),
            lambda: client[f"{own.prefix}posts"]["posts"].delete_many({}),
            lambda: client[f"{own.prefix}posts"].command("collMod", "posts"),
        ):
            with pytest.raises(OperationFailure, match="not authorized"):
                forbidden()


@asynccontextmanager
async def store(own: Owners) -> AsyncIterator[AsyncDatabase[Document]]:
    client = connect_to_mongodb(own.capture)
    try:
        yield client.get_default_database()
    finally:
        await client.close()


def run(own: Owners, work: Callable[[AsyncDatabase[Document]], Awaitable[None]]) -> None:
    async def go() -> None:
        async with store(own) as database:
            await work(database)

    asyncio.run(go())


def test_a_lease_has_one_holder_and_each_time_a_new_term(own: Owners) -> None:
    async def work(database: AsyncDatabase[Document]) -> None:
        one, other = (Lease(database["leases"], "posts", holder) for holder in ("one", "other"))
        await one.take()
        taking = asyncio.create_task(other.take())
        done, _ = await asyncio.wait({taking}, timeout=leases.LOOK_SECONDS * 3)
        assert not done
        assert (one.held, other.held, one.term) == (True, False, 1)
        await one.release()
        await asyncio.wait_for(taking, 10)
        assert (one.held, other.held, other.term) == (False, True, 2)
        with pytest.raises(LeaseLost):
            one.check()
        # What comes late from an earlier holder moves nothing.
        await one.release()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(one.keep(), 10)
        assert (await database["leases"].find_one({}))["holder"] == "other"  # type: ignore[index]

    run(own, work)


def test_a_lease_that_cannot_be_renewed_is_given_up_before_it_ends(own: Owners) -> None:
    async def work(database: AsyncDatabase[Document]) -> None:
        one = Lease(database["leases"], "posts", "one")
        await one.take()
        await database.client.close()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(one.keep(), leases.LASTS_SECONDS)
        assert not one.held

    run(own, work)


def test_an_earlier_holder_cannot_move_a_position_back(own: Owners) -> None:
    async def work(database: AsyncDatabase[Document]) -> None:
        early, late = (Lease(database["leases"], "posts", holder) for holder in ("one", "other"))
        early.term, late.term = 1, 2
        positions = database["positions"]
        first, second = ResumeToken(positions, early), ResumeToken(positions, late)
        assert await first.read() is None
        await first.write("a")
        await second.write("b")
        with pytest.raises(LeaseLost):
            await first.write("late")
        assert await first.read() == await second.read() == "b"
        first.reached("late", moved=True)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(first.keep(), 10)
        second.reached("c", moved=True)
        keeping = asyncio.create_task(second.keep())
        async with asyncio.timeout(10):
            while await second.read() != "c":
                await asyncio.sleep(0)
        keeping.cancel()

    run(own, work)
