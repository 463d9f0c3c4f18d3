"""Unit tests of capture's parts: change streams, snapshots, and leaders."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from step3_async.capture import capture as captures
from step3_async.capture import leader as leaders
from step3_async.capture.capture import Capture, connect_to_mongodb
from step3_async.capture.following import change_stream, follower
from step3_async.capture.following.change_stream import ChangeStream, ResumeTokenLost
from step3_async.capture.following.events import EventFactory
from step3_async.capture.metrics import LAG
from step3_async.capture.publisher import publish
from step3_async.capture.snapshots import pages as snapshot_pages
from step3_async.capture.snapshots import snapshots
from step3_async.capture.snapshots.pages import page_event, read_page
from step3_async.capture.sources import SOURCES
from step3_async.capture.store import lease as leases
from step3_async.capture.store import resume_token as resume_tokens
from step3_async.capture.store.assignment import Assignment
from step3_async.capture.store.lease import Lease
from step3_async.capture.store.resume_token import ResumeToken
from step3_async.capture.store.snapshot_jobs import SnapshotJob, SnapshotJobs
from step3_async.contracts import catalogue
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, Page
from step3_async.rapids.bus import ALL
from step3_async.rapids.messages import SNAPSHOT_REQUEST, SnapshotAccepted, SnapshotRequest
from step3_async.rapids.tasks import cancel
from tests.step3.capture_processes import DOMAINS, folded
from tests.step3.nats_helpers import asynchronous, until
from tests.step3.owners import Owners, owners, post
from tests.support.eventually import PATIENCE
from tests.support.memory_bus import Broker, MemoryBus

Document = dict[str, Any]
POSTS = next(each for each in SOURCES if each.domain == "posts")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def own(mongod: Any) -> Iterator[Owners]:
    with owners(mongod) as made:
        yield made


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for other requests, as there are none."""
    monkeypatch.setattr(change_stream, "WAIT_MS", 100)
    monkeypatch.setattr(snapshots, "GATHER_SECONDS", 0.0)


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def databases(own: Owners) -> AsyncIterator[tuple[AsyncDatabase[Document], AsyncDatabase[Document]]]:
    """Yield the database of the owner of posts, with capture's permissions, and capture's own."""
    client = connect_to_mongodb(own.capture)
    try:
        yield client[f"{own.prefix}posts"], client.get_default_database()
    finally:
        await client.close()


def assigned(posts: AsyncDatabase[Document], mine: AsyncDatabase[Document]) -> Assignment:
    lease = Lease(mine["leases"], "posts", "one")
    return Assignment(
        source=POSTS,
        collection=posts["posts"],
        bus=MemoryBus(Broker()),
        lease=lease,
        resume_token=ResumeToken(mine["positions"], lease),
        snapshot_jobs=SnapshotJobs(mine["snapshots"]),
    )


class TestChangeStream:
    @asynchronous
    async def test_batches_of_changes_have_their_end(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(change_stream, "MAX_CHANGES", 2)
        async with databases(own) as (posts, _):
            stream = ChangeStream(posts["posts"], ["_id", "title", "score"])
            await stream.close()  # nothing is open yet
            begun = await stream.open(None)
            own.add_posts(range(3))
            own.collection("posts").update_one({"_id": "t3_000001"}, {"$set": {"score": 7}})
            first, second = await stream.batch(), await stream.batch()
            none = await stream.batch()
            assert [len(each.changes) for each in (first, second, none)] == [2, 2, 0]
            assert [each.ends for each in (first, second, none)] == [None] * 3
            update = second.changes[1]
            assert {"operationType", "documentKey", "clusterTime", "wallTime", "_id"} <= update.keys()
            assert update["fullDocument"] == {"_id": "t3_000001", "title": "Post 1", "score": 7}
            assert update["fullDocumentBeforeChange"] == {"_id": "t3_000001", "title": "Post 1", "score": 1}
            await stream.close()
            for token, left in ((begun, 2), (first.token, 2), (second.token, 0)):
                again = ChangeStream(posts["posts"], ["title"])
                await again.open(token)
                batch = await again.batch()
                assert len(batch.changes) == left
                assert (batch.changes == []) == (token == second.token)
                await again.close()
            assert begun < first.token < second.token <= none.token

    @asynchronous
    async def test_streams_are_read_side_by_side(self, own: Owners) -> None:
        """Each needs a session of its own: MongoDB continues a cursor in the session that opened it only."""
        async with databases(own) as (posts, _):
            streams = [ChangeStream(posts["posts"], ["title"]) for _ in range(2)]
            for each in streams:
                await each.open(None)
            for number in range(3):
                own.add_posts(range(number, number + 1))
                found = await asyncio.gather(*(each.batch() for each in streams))
                assert [len(each.changes) for each in found] == [1, 1]
            for each in streams:
                await each.close()

    @asynchronous
    async def test_closed_stream_leaves_no_cursor(self, own: Owners) -> None:
        async with databases(own) as (posts, _):
            stream = ChangeStream(posts["posts"], ["title"])
            await stream.open(None)
            assert open_cursors(own) == 1
            await stream.close()
            assert open_cursors(own) == 0

    @pytest.mark.parametrize("how", ["drop", "rename"])
    @asynchronous
    async def test_stream_ends_with_its_collection(self, own: Owners, how: str) -> None:
        async with databases(own) as (posts, _):
            stream = ChangeStream(posts["posts"], ["title"])
            await stream.open(None)
            own.add_posts(range(1))
            collection = own.collection("posts")
            if how == "drop":
                collection.drop()
            else:
                collection.rename("before")
            batches = [await stream.batch()]
            while batches[-1].ends is None:
                batches.append(await stream.batch())
            assert batches[-1].ends == how
            assert [each["operationType"] for batch in batches for each in batch.changes] == ["insert"]
            await stream.close()

    @asynchronous
    async def test_invalid_resume_token_counts_as_lost(self, own: Owners) -> None:
        async with databases(own) as (posts, _):
            stream = ChangeStream(posts["posts"], ["title"])
            with pytest.raises(ResumeTokenLost, match="does not reach back"):
                await stream.open("nonsense")
            await stream.close()


def open_cursors(own: Owners) -> int:
    """Return how many change streams of the posts are open."""
    operations = own.client.admin.aggregate(
        [
            {"$currentOp": {"allUsers": True, "idleCursors": True}},
            {"$match": {"ns": f"{own.prefix}posts.posts", "type": "idleCursor"}},
        ]
    )
    return len([*operations])


class TestEvents:
    async def of(self, own: Owners, work: Callable[[], None]) -> list[Event]:
        """Return the events of the changes that `work` makes."""
        async with databases(own) as (posts, _):
            stream = ChangeStream(posts["posts"], POSTS.fields)
            await stream.open(None)
            work()
            batch = await stream.batch()
            await stream.close()
            return await EventFactory(POSTS, posts["posts"]).of(batch.changes)

    @asynchronous
    async def test_event_has_the_document_before_and_after(self, own: Owners) -> None:
        began, posts = datetime.now(UTC), own.collection("posts")

        def work() -> None:
            posts.insert_one(post(1, traceparent=TRACE, secret="x"))
            posts.update_one({"_id": "t3_000001"}, {"$set": {"score": 2}, "$unset": {"traceparent": ""}})
            posts.delete_one({"_id": "t3_000001"})

        added, changed, removed = await self.of(own, work)
        one, two = post(1), post(1, score=2)
        assert [(each.before, each.after) for each in (added, changed, removed)] == [
            (None, one),
            (one, two),
            (two, None),
        ]
        assert [each.event_name for each in (added, changed, removed)] == [
            "post-added",
            "post-changed",
            "post-removed",
        ]
        assert [each.traceparent for each in (added, changed, removed)] == [TRACE, None, None]
        assert {(each.key, each.event_domain) for each in (added, changed, removed)} == {
            ("t3_000001", "posts")
        }
        assert changed.payload["fields"] == ["score"]
        assert added.version < changed.version < removed.version
        assert len({each.event_id for each in (added, changed, removed)}) == 3
        assert abs((added.timestamp - began).total_seconds()) < PATIENCE
        assert added.timestamp.utcoffset() == began.utcoffset()

    @asynchronous
    async def test_the_same_change_is_the_same_event(self, own: Owners) -> None:
        async with databases(own) as (posts, _):
            stream = ChangeStream(posts["posts"], POSTS.fields)
            begun = await stream.open(None)
            own.add_posts(range(2))
            first = await EventFactory(POSTS, posts["posts"]).of((await stream.batch()).changes)
            await stream.close()
            await stream.open(begun)
            again = await EventFactory(POSTS, posts["posts"]).of((await stream.batch()).changes)
            await stream.close()
        assert first == again

    @asynchronous
    async def test_invalid_document_has_no_event(self, own: Owners) -> None:
        posts = own.collection("posts")

        def work() -> None:
            posts.insert_one({"_id": 7, "title": "a number"})
            posts.insert_one(post(1, title=["odd"]))
            posts.update_one({"_id": "t3_000001"}, {"$set": {"title": "good"}})
            posts.update_one({"_id": "t3_000001"}, {"$set": {"title": 7}})

        odd, good, odd_again = await self.of(own, work)
        assert (odd.event_name, odd.before, odd.after) == ("post-removed", None, None)
        assert (good.event_name, good.before, good.after) == ("post-changed", None, post(1, title="good"))
        assert (odd_again.event_name, odd_again.before) == ("post-removed", post(1, title="good"))

    @asynchronous
    async def test_current_document_is_used_without_images(self, mongod: Any) -> None:
        with owners(mongod, images=False) as own:
            posts = own.collection("posts")
            own.add_posts(range(2, 3))

            def work() -> None:
                own.add_posts(range(2), traceparent=TRACE, secret="x")
                posts.update_many({}, {"$set": {"score": 2}})
                posts.update_one({"_id": "t3_000000"}, {"$set": {"score": 3}})
                posts.delete_one({"_id": "t3_000001"})

            found = await self.of(own, work)
        assert [(each.key, each.event_name, each.after) for each in found] == [
            ("t3_000000", "post-added", post(0)),
            ("t3_000001", "post-added", post(1)),
            ("t3_000002", "post-changed", post(2, score=2)),
            *[("t3_000000", "post-changed", post(0, score=3))] * 2,
            ("t3_000001", "post-removed", None),
        ]
        assert all(each.before is None for each in found)
        assert found[3].traceparent == TRACE


class TestSnapshotJobs:
    @asynchronous
    async def test_requests_before_a_snapshot_begins_share_it(self, own: Owners) -> None:
        async with databases(own) as (_, mine):
            jobs = SnapshotJobs(mine["snapshots"])
            runs = await asyncio.gather(
                *(jobs.accept(river, "posts", again=again) for river in ("a", "b") for again in (True, False))
            )
            assert len({*runs}) == 1 and jobs.added.is_set()
            jobs.added.clear()
            assert await jobs.accept("a", "posts", again=False) == runs[0]
            assert not jobs.added.is_set()
            other = await jobs.accept("a", "tag", again=False)
            assert other != runs[0]
            assert (await jobs.runs("posts"), await jobs.runs("tag")) == ([runs[0]], [other])
            assert await jobs.begin(runs[0]) == SnapshotJob(runs[0], ALL, None, None)
            assert await jobs.begin(other) == SnapshotJob(other, "a", None, None)

    @asynchronous
    async def test_requests_after_a_snapshot_has_begun_get_another(self, own: Owners) -> None:
        async with databases(own) as (_, mine):
            jobs = SnapshotJobs(mine["snapshots"])
            shared = await jobs.accept("a", "posts", again=False)
            await jobs.accept("b", "posts", again=False)
            await jobs.begin(shared)
            late = await jobs.accept("c", "posts", again=False)
            assert late != shared
            assert await jobs.accept("a", "posts", again=False) == shared
            # `again` joins the snapshot that has not begun; the other rivers keep the one that has.
            assert await jobs.accept("a", "posts", again=True) == late
            assert await jobs.begin(shared) == SnapshotJob(shared, "b", None, None)
            assert await jobs.begin(late) == SnapshotJob(late, ALL, None, None)
            alone = await jobs.accept("b", "posts", again=True)
            assert alone not in (shared, late)
            assert {*await jobs.runs("posts")} == {late, alone}
            assert await jobs.begin(shared) is None

    @asynchronous
    async def test_progress_is_stored_until_the_snapshot_is_done(self, own: Owners) -> None:
        async with databases(own) as (_, mine):
            jobs = SnapshotJobs(mine["snapshots"])
            run, other = [await jobs.accept("a", domain, again=False) for domain in ("posts", "tag")]
            assert await jobs.reach(run, "m", "p")
            assert await jobs.begin(run) == SnapshotJob(run, "a", "m", "p")
            assert await jobs.reach(run, "p", None)
            assert await jobs.begin(run) == SnapshotJob(run, "a", "p", None)
            await jobs.finish(run)
            assert not await jobs.reach(run, "q", None)
            assert await jobs.begin(run) is None
            assert await jobs.begin(other) == SnapshotJob(other, "a", None, None)


class TestPages:
    @asynchronous
    async def test_page_has_the_documents_up_to_its_end(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshot_pages, "MAX_DOCUMENTS", 3)
        own.add_posts(range(6), traceparent=TRACE, secret="x")
        own.collection("posts").insert_one({"_id": 7, "title": "a number"})
        first, second, last, end = (f"t3_{number:06}" for number in (0, 2, 5, 4))

        async with databases(own) as (posts, mine):
            assignment = assigned(posts, mine)

            async def read(after: str | None, until: str | None) -> tuple[list[str], str | None, bool]:
                page, _ = await read_page(assignment, "run", after, until)
                assert (page.run, page.after) == ("run", after)
                return [each["_id"] for each in page.documents], page.upto, page.last

            assert await read(None, None) == ([f"t3_{n:06}" for n in range(3)], second, False)
            assert await read(second, None) == ([f"t3_{n:06}" for n in (3, 4, 5)], last, False)
            assert await read(last, None) == ([], None, True)
            assert await read(end, None) == ([last], None, True)
            assert await read(second, end) == (["t3_000003", end], end, False)
            assert await read(first, end) == (["t3_000001", second, "t3_000003"], "t3_000003", False)
            page, version = await read_page(assignment, "run", None, None)
            assert page.documents[0] == post(0)
            later = (await read_page(assignment, "run", None, None))[1]
            own.collection("posts").update_one({"_id": first}, {"$set": {"score": 2}})
            changed, latest = await read_page(assignment, "run", None, None)
            assert changed.documents[0] == post(0, score=2)
            assert version <= later < latest

    @asynchronous
    async def test_size_of_a_page_is_limited(self, own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
        own.collection("posts").insert_many(
            [{"_id": f"t3_{number}", "title": "x" * size} for number, size in enumerate((5, 5, 6, 30, 1))]
        )
        monkeypatch.setattr(snapshot_pages, "MAX_CHARACTERS", 18)  # an id has four
        async with databases(own) as (posts, mine):
            pages: list[list[str]] = []
            after: str | None = None
            while True:
                page, _ = await read_page(assigned(posts, mine), "run", after, None)
                pages.append([each["_id"] for each in page.documents])
                after = page.upto
                if page.last:
                    break
        assert pages == [["t3_0", "t3_1"], ["t3_2"], ["t3_3"], ["t3_4"]]

    @asynchronous
    async def test_invalid_document_is_left_out_of_a_page(self, own: Owners) -> None:
        own.add_posts(range(2))
        own.collection("posts").update_one({"_id": "t3_000001"}, {"$set": {"title": 7}})
        async with databases(own) as (posts, mine):
            page, _ = await read_page(assigned(posts, mine), "run", None, None)
        assert (page.documents, page.upto, page.last) == ([post(0)], None, True)

    @asynchronous
    async def test_page_has_all_ids_that_are_texts(self, own: Owners) -> None:
        likes = next(each for each in SOURCES if each.domain == "like")
        readers = ["0", "Ada", "ada"]
        for reader in readers:
            own.marks("like").like(reader, "t3_1", "stones", True)
        async with databases(own) as (posts, mine):
            collection = posts.client[f"{own.prefix}like"][likes.collection]
            assignment = replace(assigned(posts, mine), source=likes, collection=collection)
            page, _ = await read_page(assignment, "run", None, None)
        assert [each["reader"] for each in page.documents] == readers

    def test_different_page_is_another_event(self) -> None:
        page = Page(run="run", documents=[], after="a", upto="b", last=False)
        version = f"{1:016x}"
        event = page_event("posts", page, version)
        assert (event.event_domain, event.event_name, event.key) == ("posts", SNAPSHOT_PAGE, "")
        assert (event.version, event.payload) == (version, page.model_dump())
        others = [
            page_event("tag", page, version),
            page_event("posts", page, f"{2:016x}"),
            *(
                page_event("posts", page.model_copy(update=changed), version)
                for changed in ({"run": "other"}, {"after": "c"}, {"upto": None})
            ),
        ]
        assert page_event("posts", page, version).event_id == event.event_id
        assert len({each.event_id for each in [event, *others]}) == 6


@asynchronous
async def test_invalid_event_does_not_block_others() -> None:
    broker = Broker()
    bus = MemoryBus(broker, validate=catalogue.validate)
    reader = await Reader(broker).open()
    good = catalogue.EVENT_TYPES[0].example_event()
    events = [good.model_copy(update={"event_id": name, "key": name}) for name in ("a", "b", "c")]
    events[1] = events[1].model_copy(update={"after": None})
    other = await Reader(broker, "other").open()
    await publish(bus, events, "listener")
    await reader.read(2)
    assert [each.key for each in reader.events] == ["a", "c"]
    assert await other.pending() == 0


def stored_token(own: Owners) -> str | None:
    """Return the stored resume token of the posts."""
    position = own.own["positions"].find_one({"_id": "posts"}) or {}
    return position.get("token")


def has_token(own: Owners) -> bool:
    return stored_token(own) not in (None, "nonsense")


class Captured:
    """An instance of capture in this process."""

    def __init__(self, own: Owners, broker: Broker, name: str) -> None:
        self.bus = MemoryBus(broker)
        self.capture = Capture(self.bus, own.capture, own.prefix, name)
        self._own = own
        self._running = asyncio.create_task(self.capture.run())

    async def stop(self) -> None:
        await self.capture.stop()
        await asyncio.wait_for(self._running, PATIENCE)

    async def until_leading(self) -> None:
        await until(lambda: len(self.capture.tags) == len(SOURCES))
        await until(lambda: self._own.own["positions"].count_documents({}) == len(SOURCES))

    async def request(self, river: str, *domains: str, again: bool = False) -> dict[str, str]:
        wanted = SnapshotRequest(river=river, domains=list(domains), again=again).model_dump_json()
        reply = await self.bus.request(SNAPSHOT_REQUEST, wanted.encode(), PATIENCE)
        return SnapshotAccepted.model_validate_json(reply).runs


class Reader:
    """Reads a river, and records its events."""

    def __init__(self, broker: Broker, name: str = "listener") -> None:
        self._bus, self._name = MemoryBus(broker), name
        self.events: list[Event] = []

    async def open(self) -> "Reader":
        self._river = await self._bus.open_river(self._name, DOMAINS)
        return self

    async def pending(self) -> int:
        return await self._river.pending()

    async def read(self, count: int, *names: str) -> Sequence[Event]:
        """Wait for `count` events of these names, by default of any, and return them."""

        async def are_there() -> bool:
            for delivery in await self._river.fetch(1000, 0.05):
                self.events.append(Event.model_validate_json(delivery.data))
                await delivery.ack()
            return len(self.of(*names)) >= count

        await until(are_there)
        return self.of(*names)

    def of(self, *names: str) -> list[Event]:
        return [each for each in self.events if not names or each.event_name in names]


Work = Callable[[Captured, Reader], Awaitable[None]]


def capturing(own: Owners, work: Work) -> None:
    """Do `work` with an instance that leads all sources."""

    async def go() -> None:
        broker = Broker()
        reader = await Reader(broker).open()
        one = Captured(own, broker, "one")
        try:
            await one.until_leading()
            await work(one, reader)
        finally:
            await one.stop()

    asyncio.run(go())


async def lose_rapids(
    one: Captured, work: Callable[[], None], log: str = "cannot publish changes yet"
) -> None:
    """Do `work` while the rapids are away, until capture has logged twice that it tries to publish."""
    with capture_logs() as logs:
        one.bus.lose()
        work()
        await until(lambda: [each["event"] for each in logs].count(log) >= 2)
    one.bus.restore()


class TestCapture:
    def test_capture_follows_every_source(self, own: Owners) -> None:
        async def work(one: Captured, reader: Reader) -> None:
            assert one.capture.ready
            assert {*one.capture.tags} == {f"leads:{domain}" for domain in DOMAINS}
            before = sample("capture_events_total", domain="like")
            delays_before = sample("capture_delay_seconds_count", domain="like")
            own.marks("like").like("ada", "t3_1", "stones", True)
            own.marks("hide").hide("ada", "t3_1", "stones", True)
            own.add_posts(range(1))
            found = await reader.read(3)
            assert {each.event_name for each in found} == {"liked", "hidden", "post-added"}
            await until(lambda: sample("capture_leases") == len(SOURCES))
            await until(lambda: sample("capture_events_total", domain="like") - before == 1)
            assert sample("capture_delay_seconds_count", domain="like") - delays_before == 1

        capturing(own, work)

    def test_leader_keeps_its_lease_and_its_position(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
        monkeypatch.setattr(resume_tokens, "IDLE_SECONDS", PATIENCE)
        monkeypatch.setattr(captures, "MEASURE_SECONDS", 0.01)

        async def work(_: Captured, reader: Reader) -> None:
            lease, token = own.own["leases"].find_one({"_id": "posts"}), stored_token(own)
            own.add_posts(range(1))
            await reader.read(1)
            await until(lambda: stored_token(own) != token)
            renewed = {"_id": "posts", "term": lease["term"], "expires": {"$gt": lease["expires"]}}
            await until(lambda: own.own["leases"].count_documents(renewed) == 1)
            LAG.labels("posts").set(-1.0)
            await until(lambda: sample("capture_lag_seconds", domain="posts") >= 0)

        capturing(own, work)

    @pytest.mark.parametrize("how", ["fails", "hangs"])
    @asynchronous
    async def test_leader_ends_even_if_its_lease_cannot_be_released(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        monkeypatch.setattr(leaders, "RELEASE_SECONDS", 0.01)
        released = asyncio.Event()

        async def release() -> None:
            released.set()
            if how == "fails":
                raise AutoReconnect("MongoDB is away")
            await asyncio.Event().wait()

        async with databases(own) as (posts, mine):
            leader = leaders.Leader(POSTS, posts, mine, MemoryBus(Broker()), holder="one")
            monkeypatch.setattr(leader._lease, "release", release)
            running = asyncio.create_task(leader.run())
            await until(lambda: leader.leads)
            running.cancel()
            done, _ = await asyncio.wait({running}, timeout=PATIENCE)
            assert done and running.cancelled() and released.is_set()

    def test_many_changes_come_in_order(self, own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(change_stream, "MAX_CHANGES", 20)
        monkeypatch.setattr(follower, "MANY", 20)

        async def work(_: Captured, reader: Reader) -> None:
            own.add_posts(range(50))
            own.collection("posts").update_many({}, {"$inc": {"score": 1}})
            found = await reader.read(100)
            assert len(found) == 100
            assert [each.version for each in found] == sorted(each.version for each in found)
            assert folded(found) == {f"t3_{n:06}": post(n, score=2) for n in range(50)}

        capturing(own, work)

    def test_next_instance_continues_at_the_stored_position(self, own: Owners) -> None:
        async def go() -> None:
            broker = Broker()
            reader = await Reader(broker).open()
            one = Captured(own, broker, "one")
            await one.until_leading()
            other = Captured(own, broker, "other")
            await until(lambda: other.capture.ready)
            assert other.capture.tags == []
            own.add_posts(range(3))
            await reader.read(3)
            await one.stop()
            own.add_posts(range(3, 6))
            try:
                await other.until_leading()
                found = await reader.read(6)
            finally:
                await other.stop()
            assert {each.key for each in found} == {f"t3_{number:06}" for number in range(6)}
            assert {each["term"] for each in own.own["leases"].find()} == {2}

        asyncio.run(go())

    def test_snapshots_go_to_the_rivers_that_requested_them(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshot_pages, "MAX_DOCUMENTS", 4)
        own.add_posts(range(10))

        async def work(one: Captured, reader: Reader) -> None:
            other = await Reader(one.bus._broker, "other").open()
            before = sample("capture_snapshots_total", domain="posts")
            pages_before = sample("capture_snapshot_pages_total", domain="posts")
            runs = await one.request("listener", "posts", "unheard-of")
            assert runs.keys() == {"posts"}
            pages = await reader.read(3, SNAPSHOT_PAGE)
            ranges = [(each.payload["after"], each.payload["upto"], each.payload["last"]) for each in pages]
            assert ranges == [
                (None, "t3_000003", False),
                ("t3_000003", "t3_000007", False),
                ("t3_000007", None, True),
            ]
            assert {each.payload["run"] for each in pages} == {runs["posts"]}
            assert folded(pages) == {f"t3_{n:06}": post(n) for n in range(10)}
            await until(lambda: sample("capture_snapshots_total", domain="posts") - before == 1)
            assert sample("capture_snapshot_pages_total", domain="posts") - pages_before == 3
            assert own.own["snapshots"].count_documents({}) == 0
            own.add_posts(range(10, 11))
            assert [each.event_name for each in await other.read(1)] == ["post-added"]
            assert await one.bus.request(SNAPSHOT_REQUEST, b"nonsense", PATIENCE) == b'{"runs":{}}'

        capturing(own, work)

    def test_interrupted_snapshot_continues(self, own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "LOOK_SECONDS", 0.05)
        own.add_posts(range(10))
        left = {"domain": "posts", "rivers": ["listener"], "begun": True, "after": "t3_000002"}

        async def work(_: Captured, reader: Reader) -> None:
            own.own["snapshots"].insert_one({"_id": "half", **left, "upto": "t3_000006x"})
            twice, rest = await reader.read(2, SNAPSHOT_PAGE)
            assert [(each.payload["after"], each.payload["upto"]) for each in (twice, rest)] == [
                ("t3_000002", "t3_000006x"),
                ("t3_000006x", None),
            ]
            assert [len(each.payload["documents"]) for each in (twice, rest)] == [4, 3]

        capturing(own, work)

    def test_snapshot_continues_after_an_outage_of_the_rapids(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "LOOK_SECONDS", 0.05)
        monkeypatch.setattr(snapshots, "PAUSE_SECONDS", 0.01)
        own.add_posts(range(3))
        job = {"_id": "new", "domain": "posts", "rivers": ["listener"], "begun": False}

        async def work(one: Captured, reader: Reader) -> None:
            await lose_rapids(one, lambda: own.own["snapshots"].insert_one(job), "snapshot not published yet")
            (page,) = await reader.read(1, SNAPSHOT_PAGE)
            assert len(page.payload["documents"]) == 3

        capturing(own, work)

    @asynchronous
    async def test_pages_up_to_a_boundary_end_there(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A page that may have been published has its old end, also if it has become several pages since."""
        monkeypatch.setattr(snapshot_pages, "MAX_DOCUMENTS", 2)
        own.add_posts(range(10))
        boundary = "t3_000006x"
        ends = ["t3_000002", "t3_000004", "t3_000006", boundary, "t3_000008", None]
        async with databases(own) as (posts, mine):
            assignment = assigned(posts, mine)
            await assignment.lease.take()
            reader = Reader(assignment.bus._broker)  # type: ignore[attr-defined]
            await reader.open()
            run = await assignment.snapshot_jobs.accept("listener", "posts", again=False)
            reached: list[tuple[str | None, str | None]] = []
            reach = assignment.snapshot_jobs.reach

            async def record(run: str, after: str | None, upto: str | None) -> bool:
                reached.append((after, upto))
                return await reach(run, after, upto)

            monkeypatch.setattr(assignment.snapshot_jobs, "reach", record)
            await snapshots.Snapshots(assignment)._publish(SnapshotJob(run, ALL, ends[0], boundary))
            assert reached == [
                *((after, boundary) for after in ends[:3]),
                (boundary, "t3_000008"),
                ("t3_000008", None),
            ]
            pages = await reader.read(5, SNAPSHOT_PAGE)
            assert [(each.payload["after"], each.payload["upto"]) for each in pages] == [*pairwise(ends)]

    @pytest.mark.parametrize("how", ["lost", "dropped"])
    def test_lost_position_leads_to_a_snapshot_for_all(self, own: Owners, how: str) -> None:
        async def work(one: Captured, reader: Reader) -> None:
            own.add_posts(range(3))
            await reader.read(3)
            before = sample("capture_resume_tokens_lost_total", domain="posts")
            if how == "dropped":
                own.collection("posts").drop()
            else:
                await one.stop()
                own.collection("posts").delete_one({"_id": "t3_000000"})
                own.own["positions"].update_one({"_id": "posts"}, {"$set": {"token": "nonsense"}})
                # A snapshot on its way may have passed what was missed.
                half = {
                    "_id": "half",
                    "domain": "posts",
                    "rivers": [ALL],
                    "begun": True,
                    "after": "t3_000001",
                }
                own.own["snapshots"].insert_one(half)
                one = Captured(own, one.bus._broker, "again")
            try:
                (page,) = await reader.read(1, SNAPSHOT_PAGE)
                await until(lambda: has_token(own))
                assert len(page.payload["documents"]) == (0 if how == "dropped" else 2)
                own.add_posts(range(9, 10))
                added = (await reader.read(4, "post-added"))[-1]
                assert (added.key, added.version > page.version) == ("t3_000009", True)
                assert sample("capture_resume_tokens_lost_total", domain="posts") - before == 1
                assert folded(reader.events).keys() == {
                    each["_id"] for each in own.collection("posts").find()
                }
            finally:
                await one.stop()

        capturing(own, work)

    def test_capture_waits_for_the_rapids(self, own: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(follower, "PAUSE_SECONDS", 0.01)

        async def work(one: Captured, reader: Reader) -> None:
            await lose_rapids(one, lambda: own.add_posts(range(3)))
            assert len(await reader.read(3)) == 3
            assert {each["term"] for each in own.own["leases"].find()} == {1}

        capturing(own, work)

    def test_outage_after_a_lost_position_leads_to_no_other_snapshot(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(follower, "PAUSE_SECONDS", 0.01)

        async def work(one: Captured, reader: Reader) -> None:
            before = sample("capture_snapshots_total", domain="posts")
            own.collection("posts").drop()
            await until(lambda: sample("capture_snapshots_total", domain="posts") - before == 1)
            await lose_rapids(one, lambda: own.add_posts(range(1)))
            await reader.read(1, "post-added")
            assert own.own["snapshots"].count_documents({}) == 0
            assert sample("capture_snapshots_total", domain="posts") - before == 1

        capturing(own, work)

    @asynchronous
    async def test_instance_without_the_lease_publishes_nothing(self, own: Owners) -> None:
        """An instance that has lost its lease publishes nothing more, and moves no position."""
        async with databases(own) as (posts, mine):
            assignment = assigned(posts, mine)
            river = await assignment.bus.open_river("listener", DOMAINS)
            await assignment.lease.take()
            following = asyncio.create_task(follower.Follower(assignment).run())
            await until(lambda: own.own["positions"].count_documents({}) == 1)
            assignment.lease._until = 0.0
            own.add_posts(range(1))
            done, _ = await asyncio.wait({following}, timeout=PATIENCE)
            assert [type(each.exception()).__name__ for each in done] == ["LeaseLost"]
            assert await river.pending() == 0
            await cancel(following)

    @asynchronous
    async def test_published_changes_move_the_position(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resume_tokens, "IDLE_SECONDS", float("inf"))
        async with databases(own) as (posts, mine):
            assignment = assigned(posts, mine)
            await assignment.lease.take()
            one = follower.Follower(assignment)
            stream = ChangeStream(posts["posts"], POSTS.fields)
            await stream.open(None)
            own.add_posts(range(4))
            batch = await stream.batch()
            for number, change in enumerate(batch.changes):
                change["wallTime"] += timedelta(seconds=number)
            nothing = await stream.batch()
            await stream.close()
            await one._publish(batch)
            assert one.until == batch.changes[-1]["wallTime"].timestamp()
            storing = asyncio.create_task(assignment.resume_token.keep())
            await until(lambda: stored_token(own) == batch.token)
            began = time.time()
            await one._publish(nothing)
            assert one.until >= began
            await cancel(storing)

    @asynchronous
    async def test_changes_while_a_snapshot_is_requested_are_followed(
        self, own: Owners, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with databases(own) as (posts, mine):
            assignment = assigned(posts, mine)
            await assignment.lease.take()
            accept = assignment.snapshot_jobs.accept

            async def accept_late(river: str, domain: str, again: bool) -> str:
                own.add_posts(range(1))
                return await accept(river, domain, again)

            monkeypatch.setattr(assignment.snapshot_jobs, "accept", accept_late)
            await follower.Follower(assignment)._begin_again()
            stream = ChangeStream(posts["posts"], POSTS.fields)
            await stream.open(stored_token(own))
            assert [each["documentKey"]["_id"] for each in (await stream.batch()).changes] == ["t3_000000"]
            await stream.close()
