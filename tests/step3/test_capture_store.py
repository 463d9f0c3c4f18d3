"""What capture needs in MongoDB: images, the permissions of its user, leases and resume tokens."""

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database
from pymongo.errors import OperationFailure
from structlog.testing import capture_logs

from kit.mongo.client import connect
from kit.mongo.prepare import keep_images, prepare_beside
from step3_async.capture.capture import connect_to_mongodb
from step3_async.capture.store import lease as leases
from step3_async.capture.store import resume_token as resume_tokens
from step3_async.capture.store.lease import Lease, LeaseLost
from step3_async.capture.store.resume_token import ResumeToken
from tests.step3.owners import Owners, owners
from tests.support.eventually import PATIENCE, eventually

Document = dict[str, Any]


@pytest.fixture
def own(mongod: Any) -> Iterator[Owners]:
    with owners(mongod) as made:
        yield made


def images(database: Database[Document], collection: str) -> Any:
    (found,) = database.list_collections(filter={"name": collection})
    return found["options"].get("changeStreamPreAndPostImages")


def test_new_and_existing_collections_keep_images(
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


def test_user_of_capture_reads_captured_collections_only(own: Owners) -> None:
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


def test_lease_has_one_holder_and_a_new_term_each_time(own: Owners) -> None:
    async def work(database: AsyncDatabase[Document]) -> None:
        one, other = (Lease(database["leases"], "posts", holder) for holder in ("one", "other"))
        await one.take()
        taking = asyncio.create_task(other.take())
        done, _ = await asyncio.wait({taking}, timeout=leases.LOOK_SECONDS * 3)
        assert not done
        assert (one.held, other.held, one.term) == (True, False, 1)
        taking.cancel()
        await one.release()
        assert await left_of(database) <= 0
        await asyncio.wait_for(other.take(), PATIENCE)
        assert (one.held, other.held, other.term) == (False, True, 2)
        with pytest.raises(LeaseLost):
            one.check()
        # A late write of an earlier holder moves nothing.
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


def test_a_lease_whose_renewal_hangs_is_given_up_before_it_ends(
    own: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LASTS_SECONDS", leases.SPARE_SECONDS + 0.2)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)

    async def work(database: AsyncDatabase[Document]) -> None:
        one = Lease(database["leases"], "posts", "one")
        await one.take()
        monkeypatch.setattr(one, "_leases", SimpleNamespace(update_one=lambda *_: asyncio.Event().wait()))
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(one.keep(), PATIENCE)

    run(own, work)


def test_a_lease_is_renewed_while_it_is_kept(own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)

    async def work(database: AsyncDatabase[Document]) -> None:
        one = Lease(database["leases"], "posts", "one")
        await one.take()
        first, until = await stored(database), one._until
        keeping = asyncio.create_task(one.keep())
        async with asyncio.timeout(PATIENCE):
            while (await stored(database))["expires"] <= first["expires"] or one._until == until:
                await asyncio.sleep(0)
        assert one._until > until
        keeping.cancel()
        assert await left_of(database) <= leases.LASTS_SECONDS * 1000
        # By its own clock it stops well before that.
        assert one._until - time.monotonic() <= leases.LASTS_SECONDS - leases.SPARE_SECONDS
        kept = await stored(database)
        del kept["expires"]
        assert kept == {"_id": "posts", "holder": "one", "term": one.term}

    run(own, work)


def test_ended_lease_can_be_taken_at_once(own: Owners) -> None:
    async def work(database: AsyncDatabase[Document]) -> None:
        one, other = (Lease(database["leases"], "posts", holder) for holder in ("one", "other"))
        elsewhere = Lease(database["leases"], "tag", "one")
        await one.take()
        await elsewhere.take()
        await elsewhere._renew()
        await database["leases"].update_one({"_id": "posts"}, [{"$set": {"expires": "$$NOW"}}])
        await asyncio.wait_for(other.take(), PATIENCE)
        assert (other.held, other.term, elsewhere.term) == (True, 2, 1)
        with pytest.raises(LeaseLost, match="posts"):
            await one._renew()
        assert not one.held
        with pytest.raises(LeaseLost, match="posts"):
            one.check()
        assert [(await stored(database, name))["holder"] for name in ("posts", "tag")] == ["other", "one"]

    run(own, work)


async def left_of(database: AsyncDatabase[Document]) -> int:
    """Return the milliseconds that are left of the lease, by MongoDB's clock."""
    left = {"$project": {"_id": 0, "left": {"$subtract": ["$expires", "$$NOW"]}}}
    (now,) = await (await database["leases"].aggregate([left])).to_list()
    return int(now["left"])


async def stored(database: AsyncDatabase[Document], name: str = "posts") -> Document:
    found = await database["leases"].find_one({"_id": name})
    assert found is not None
    return found


def test_a_position_is_stored_when_it_has_moved(own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume_tokens, "OFTEN_SECONDS", 0.0)

    async def work(database: AsyncDatabase[Document]) -> None:
        lease = Lease(database["leases"], "posts", "one")
        lease.term = 3
        position = ResumeToken(database["positions"], lease)

        async def until_stored(token: str) -> None:
            async with asyncio.timeout(PATIENCE):
                while await position.read() != token:
                    await asyncio.sleep(0)

        keeping = asyncio.create_task(position.keep())
        position.advance("idle", moved=False)  # nothing was stored for long
        await until_stored("idle")
        monkeypatch.setattr(resume_tokens, "IDLE_SECONDS", PATIENCE)
        position.advance("b", moved=False)
        position.advance("c", moved=True)
        position.advance("d", moved=False)
        await until_stored("d")
        keeping.cancel()
        position.advance("e", moved=True)
        await position.write("from anew")
        keeping = asyncio.create_task(position.keep())
        async with asyncio.timeout(PATIENCE):
            while position._is_due.is_set():
                await asyncio.sleep(0)
        position.advance("f", moved=False)  # a moment ago something was stored
        assert not position._is_due.is_set()
        assert await position.read() == "from anew"
        keeping.cancel()
        kept = await database["positions"].find_one({"_id": "posts"})
        assert kept is not None and kept["term"] == 3 and isinstance(kept["at"], datetime)

    run(own, work)


def test_position_is_stored_once_the_database_is_back(own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume_tokens, "PAUSE_SECONDS", 0.01)

    async def work(database: AsyncDatabase[Document]) -> None:
        lease = Lease(database["leases"], "posts", "one")
        positions = database["positions"]
        position = ResumeToken(positions, lease)
        refuse = {"collMod": "positions", "validator": {"token": {"$ne": "b"}}}
        await position.write("a")
        own.own.command(refuse)
        with capture_logs() as logs:
            keeping = asyncio.create_task(position.keep())
            position.advance("b", moved=True)
            async with asyncio.timeout(PATIENCE):
                while len(logs) < 2:
                    await asyncio.sleep(0)
        assert {(each["event"], each["domain"]) for each in logs} == {
            ("resume token not stored yet", "posts")
        }
        assert "validation" in logs[0]["reason"]
        own.own.command({**refuse, "validator": {}})
        async with asyncio.timeout(PATIENCE):
            while await position.read() != "b":
                await asyncio.sleep(0)
        keeping.cancel()

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
        first.advance("late", moved=True)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(first.keep(), 10)
        second.advance("c", moved=True)
        keeping = asyncio.create_task(second.keep())
        async with asyncio.timeout(10):
            while await second.read() != "c":
                await asyncio.sleep(0)
        keeping.cancel()

    run(own, work)
