"""Changes as owners publish them and takers apply them, on the real MongoDB."""

import random
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, OperationFailure
from werkzeug.test import TestResponse

from kit.http.problems import DependencyUnavailable, Gone, Stale, TooLarge, Unprocessable
from kit.service import Service, config
from kit.tokens import SYNC, Issuer, LocalKeys, Verifier
from step2_services.replication import Copy, Feed, feed
from step2_services.replication import copies as replication_copies
from step2_services.replication.batch import LARGEST_BATCH, Batch, Delivery, dumps
from step2_services.replication.verbs import copies_blueprint, feeds_blueprint
from tests.support.ids import plain_id
from workshop.ports import free_port

Document = dict[str, Any]
Papers = Collection[Document]
Call = Callable[..., TestResponse]
Refused = Callable[..., dict[str, Any]]

FIELDS = ("title", "score", "when")
NAME = "papers"
PATIENCE = 60


@pytest.fixture
def papers(store: Database[Document]) -> Iterator[Papers]:
    """A new collection."""
    yield (made := store[f"papers_{secrets.token_hex(6)}"])
    made.drop()


@pytest.fixture
def copies(store: Database[Document]) -> Iterator[Papers]:
    """A second new collection."""
    yield (made := store[f"copies_{secrets.token_hex(6)}"])
    made.drop()


def numbered(count: int, **fields: Any) -> list[Document]:
    return [{"_id": f"p_{number:05}", "title": f"no. {number}", **fields} for number in range(count)]


def everything(collection: Papers) -> list[Document]:
    return list(collection.find(sort=[("_id", 1)]))


def batches(of: Feed, cursor: str | None = None, most: int = feed.MOST) -> Iterator[Batch]:
    """Return the batches that are published after a cursor, up to now."""
    more = True
    while more:
        batch = of.after(cursor, most)
        yield batch
        cursor, more = batch.cursor, batch.more


def now(of: Feed) -> str:
    """Return the cursor after all changes up to now."""
    *_, last = batches(of)
    return last.cursor


def changed(of: Feed, cursor: str, most: int = feed.MOST) -> list[tuple[str, Any]]:
    """Return ids in the order of publication, each with its document, or None if it was removed."""
    return [
        each
        for batch in batches(of, cursor, most)
        for each in [
            *((described["_id"], described) for described in batch.put),
            *((gone, None) for gone in batch.remove),
        ]
    ]


class Follower:
    """Keeps copies as a taker does, in memory."""

    def __init__(self, of: Feed, most: int) -> None:
        self.documents: dict[str, Document] = {}
        self._feed, self._most = of, most
        self._cursor: str | None = None

    def step(self) -> bool:
        """Apply one batch, and return whether there is more."""
        batch = self._feed.after(self._cursor, self._most)
        if batch.range is not None:
            after, upto = batch.range
            for known in list(self.documents):
                if (after is None or known > after) and (upto is None or known <= upto):
                    del self.documents[known]
        self.documents |= {document["_id"]: document for document in batch.put}
        for identifier in batch.remove:
            self.documents.pop(identifier, None)
        self._cursor = batch.cursor
        return batch.more

    def catch_up(self) -> list[Document]:
        """Apply all batches, and return the copies by their ids."""
        while self.step():
            pass
        return [self.documents[identifier] for identifier in sorted(self.documents)]


class TestFeedStart:
    def test_documents_come_in_the_order_of_their_ids(self, papers: Papers) -> None:
        documents = numbered(25)
        papers.insert_many(random.sample(documents, 25))
        *parts, last = batches(Feed(papers, FIELDS), most=10)
        ids = [each["_id"] for each in documents]
        assert [part.put for part in parts] == [documents[:10], documents[10:20], documents[20:]]
        assert [part.range for part in parts] == [(None, ids[9]), (ids[9], ids[19]), (ids[19], None)]
        assert all(part.more and not part.remove for part in parts)
        assert (last.put, last.remove, last.range, last.more) == ([], [], None, False)

    @pytest.mark.parametrize("most", [1, 5, 6])
    def test_ids_may_have_any_characters(self, papers: Papers, most: int) -> None:
        ids = sorted(["", ":", "a:b:c", "all:x:y", "ä€😀", "a b&c=d"])
        papers.insert_many([{"_id": each} for each in ids])
        found = [each["_id"] for batch in batches(Feed(papers, FIELDS), most=most) for each in batch.put]
        assert found == ids

    def test_empty_collection_is_published_as_empty_batches(self, papers: Papers) -> None:
        first, then = batches(Feed(papers, FIELDS))
        assert (first.put, first.remove, first.range) == ([], [], (None, None))
        assert (then.put, then.remove, then.range) == ([], [], None)

    def test_many_documents_are_published_in_batches(self, papers: Papers) -> None:
        documents = numbered(2 * feed.MOST + 1)
        papers.insert_many(documents)
        sizes = [len(batch.put) for batch in batches(Feed(papers, FIELDS))]
        assert sizes == [feed.MOST, feed.MOST, 1, 0]

    def test_large_documents_make_small_batches(self, papers: Papers) -> None:
        large = "x" * 1_000_000
        cursor = now(Feed(papers, FIELDS))
        papers.insert_many([{"_id": f"p_{number:02}", "title": large} for number in range(20)])
        for start in (None, cursor):
            described = [batch for batch in batches(Feed(papers, FIELDS), start) if batch.put]
            assert [each["_id"] for batch in described for each in batch.put] == [
                f"p_{no:02}" for no in range(20)
            ]
            assert all(len(dumps(dict(batch))) < LARGEST_BATCH / 4 for batch in described)
            assert len(described) > 1

    def test_concurrent_writes_are_published(self, papers: Papers) -> None:
        papers.insert_many(numbered(9, score=0))
        follower = Follower(Feed(papers, FIELDS), 3)
        follower.step()
        papers.delete_one({"_id": "p_00001"})
        papers.update_one({"_id": "p_00002"}, {"$set": {"score": 2}})
        papers.insert_one({"_id": "p_000001", "title": "behind"})
        papers.delete_one({"_id": "p_00005"})
        papers.insert_one({"_id": "p_000071", "title": "ahead"})
        follower.step()
        papers.delete_one({"_id": "p_00007"})
        papers.delete_many({"title": "behind"})
        papers.insert_one({"_id": "p_000002", "title": "behind again"})
        assert follower.catch_up() == everything(papers)


class TestFeedChanges:
    def test_changes_are_published_in_order(self, papers: Papers) -> None:
        feed_ = Feed(papers, FIELDS)
        cursor = now(feed_)
        papers.insert_one({"_id": "b", "title": "first"})
        papers.insert_one({"_id": "a", "title": "second"})
        papers.replace_one({"_id": "b"}, {"title": "third"})
        papers.delete_one({"_id": "a"})
        papers.insert_one({"_id": "a", "title": "fourth"})
        found = changed(feed_, cursor, most=1)
        assert [(name, document and document["title"]) for name, document in found] == [
            *[("b", "first"), ("a", "second"), ("b", "third"), ("a", None), ("a", "fourth")]
        ]
        # Of changes in one batch only the last one of each document counts.
        assert dict(changed(feed_, cursor)) == {
            "b": {"_id": "b", "title": "third"},
            "a": {"_id": "a", "title": "fourth"},
        }
        assert len(changed(feed_, cursor)) == 2

    def test_changes_of_one_transaction_are_published_in_batches(self, papers: Papers) -> None:
        feed_ = Feed(papers, FIELDS)
        cursor = now(feed_)
        documents = numbered(60)
        client = papers.database.client
        papers.database.create_collection(papers.name)
        with client.start_session() as session, session.start_transaction():
            papers.insert_many(documents, session=session)
        described = [batch for batch in batches(feed_, cursor, most=7) if batch.put]
        assert [document for batch in described for document in batch.put] == documents
        assert len(described) == 9
        assert len({batch.until for batch in described[:8]}) == 1, "they share no moment"

    @pytest.mark.parametrize("most", [3, feed.MOST])
    def test_changes_of_concurrent_writers_are_complete(self, papers: Papers, most: int) -> None:
        """They insert, change and remove, while a follower reads from the beginning."""
        writers, rounds = 4, 60
        papers.insert_many(numbered(40, score=0))
        follower = Follower(Feed(papers, FIELDS), most)

        def write(number: int) -> None:
            drawn = random.Random(number)
            for count in range(rounds):
                shared, own = f"p_{drawn.randrange(40):05}", f"w_{number}_{count:03}"
                papers.insert_one({"_id": own, "score": count})
                papers.update_one({"_id": shared}, {"$inc": {"score": 1}}, upsert=True)
                papers.update_one({"_id": own}, {"$set": {"title": "changed"}})
                if drawn.random() < 0.4:
                    papers.delete_one({"_id": drawn.choice([shared, own])})

        with ThreadPoolExecutor(writers) as pool:
            done = [pool.submit(write, number) for number in range(writers)]
            while not all(each.done() for each in done):
                follower.step()
            for each in done:
                each.result(PATIENCE)
        assert follower.catch_up() == everything(papers)
        assert len(follower.documents) > writers * rounds / 2

    def test_changed_document_is_published_as_it_is_now(self, papers: Papers) -> None:
        papers.insert_one({"_id": "a", "title": "before", "score": 1})
        cursor = now(Feed(papers, FIELDS))
        papers.update_one({"_id": "a"}, {"$set": {"score": 2}})
        papers.update_one({"_id": "a"}, {"$unset": {"title": ""}, "$set": {"score": 3}})
        assert changed(Feed(papers, FIELDS), cursor, most=1)[0] == ("a", {"_id": "a", "score": 3})

    def test_deleted_document_is_published_as_removed_only(self, papers: Papers) -> None:
        papers.insert_one({"_id": "a", "title": "before"})
        cursor = now(Feed(papers, FIELDS))
        papers.update_one({"_id": "a"}, {"$set": {"title": "after"}})
        papers.delete_one({"_id": "a"})
        assert changed(Feed(papers, FIELDS), cursor) == [("a", None)]
        assert changed(Feed(papers, FIELDS), cursor, most=1) == [("a", None)]

    def test_only_named_fields_are_published(self, papers: Papers) -> None:
        when = datetime(2020, 2, 3, 4, 5, 6, 789000)
        document = {"_id": "a", "title": "shown", "when": when, "password": "hidden-word"}
        feed_ = Feed(papers, FIELDS)
        cursor = now(feed_)
        papers.insert_one(document)
        shown = {"_id": "a", "title": "shown", "when": when}
        assert changed(feed_, cursor) == [("a", shown)]
        assert next(batches(feed_)).put == [shown]
        papers.update_one({"_id": "a"}, {"$set": {"password": "hidden-word-2", "token": "hidden-word-3"}})
        papers.replace_one({"_id": "a"}, {**document, "email": "hidden-word-4"})
        papers.update_one({"_id": "a"}, {"$set": {"title": {"inner": 1}}})
        found = [dict(batch) for batch in batches(feed_, cursor, most=1)]
        assert found[0]["put"] == [shown]
        assert b"hidden-word" not in orjson.dumps(found)

    def test_cursor_advances_while_only_other_collections_change(self, store: Database[Document]) -> None:
        ours, theirs = (store[f"papers_{secrets.token_hex(6)}"] for _ in range(2))
        cursor = now(Feed(ours, FIELDS))
        theirs.insert_many(numbered(5))
        batch = Feed(ours, FIELDS).after(cursor)
        assert (batch.put, batch.remove, batch.more) == ([], [], False)
        assert batch.cursor != cursor

    def test_batch_has_the_time_up_to_which_it_is_complete(self, papers: Papers) -> None:
        cursor = now(Feed(papers, FIELDS))
        began = datetime.now(UTC) - timedelta(milliseconds=1)  # MongoDB's times have milliseconds
        papers.insert_many(numbered(3))
        written = datetime.now(UTC)
        first = Feed(papers, FIELDS).after(cursor, 2)
        assert first.more
        assert began <= first.until <= written
        last = Feed(papers, FIELDS).after(first.cursor, 2)
        assert not last.more
        assert written <= last.until <= datetime.now(UTC)


def test_size_of_a_batch_is_limited(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = now(Feed(papers, FIELDS))
    papers.insert_many({"_id": str(number), "title": "x" * 99} for number in range(7))
    monkeypatch.setattr(feed, "MOST_BYTES", 250)
    for begin in (None, cursor):
        found = [batch for batch in batches(Feed(papers, FIELDS), begin) if batch.put]
        assert [len(batch.put) for batch in found] == [3, 3, 1]
        assert all(batch.until.utcoffset() == timedelta(0) for batch in found)


def odd_title(document: Document) -> str | None:
    return "odd" if document.get("title") == 7 else None


@pytest.mark.parametrize(
    ("title", "find_problem", "problem"),
    [(7, odd_title, "odd"), (b"\xff", None, "JSON cannot hold it: ")],
    ids=["schema", "json"],
)
class TestFeedLeftOut:
    """Documents that are invalid, or whose ids are no texts, are left out with what is wrong with them."""

    def test_documents_at_the_start(
        self, papers: Papers, title: Any, find_problem: Any, problem: str
    ) -> None:
        papers.insert_many([{"_id": "a", "title": "x"}, {"_id": "b", "title": title}, {"_id": 7}])
        batch = Feed(papers, FIELDS, find_problem).after(None)
        assert [each["_id"] for each in batch.put] == ["a"]
        assert str(batch.left_out.pop("b")).startswith(problem)
        assert batch.left_out == {"7": feed.NO_TEXT}

    def test_changes(self, papers: Papers, title: Any, find_problem: Any, problem: str) -> None:
        of = Feed(papers, FIELDS, find_problem)
        papers.insert_many([{"_id": "b", "title": "x"}, {"_id": "c", "title": title}])
        cursor = now(of)
        papers.update_one({"_id": "b"}, {"$set": {"title": title}})
        papers.insert_many([{"_id": "a", "title": "x"}, {"_id": 7}])
        batch = of.after(cursor)
        assert [each["_id"] for each in batch.put] == ["a"]
        assert batch.remove == ["b"], "others remove what they have of it"
        assert str(batch.left_out.pop("b")).startswith(problem)
        assert batch.left_out == {"7": feed.NO_TEXT}
        papers.update_one({"_id": "b"}, {"$set": {"title": "y"}})
        papers.delete_many({"_id": {"$in": ["c", 7]}})
        batch = of.after(batch.cursor)
        assert (batch.put, batch.remove) == ([{"_id": "b", "title": "y"}], ["c"])
        assert {name for name, problem in batch.left_out.items() if problem} <= {"7"}


def test_times_without_a_zone_are_utc() -> None:
    assert dumps({"at": datetime(2026, 1, 2, 3, 4, 5, 6)}) == b'{"at":"2026-01-02T03:04:05.000006Z"}'


def with_time(cursor: str, moment: datetime) -> str:
    """Return a resume token with another time: after its type it begins with seconds since 1970."""
    kind, _, token = cursor.partition(":")
    assert token[:2] == "82"
    return f"{kind}:82{int(moment.timestamp()):08X}{token[10:]}"


class TestFeedErrors:
    @pytest.mark.parametrize(
        "cursor",
        [
            *("", "x", "changes", "changes:", "changes:xyz", "changes:82", "changes:00", "changes:8263"),
            *("changes:" + "f" * 400, "changes:0", "changes:82\x00", "changes:é", "changes: ", "none:82"),
        ],
        ids=plain_id,
    )
    def test_invalid_cursor_is_refused(self, papers: Papers, cursor: str) -> None:
        papers.insert_many(numbered(3))
        with pytest.raises(Gone, match="Start again without"):
            Feed(papers, FIELDS).after(cursor)

    @pytest.mark.parametrize("place", range(2, 60, 3))
    def test_damaged_cursor_is_refused_or_valid(self, papers: Papers, place: int) -> None:
        """Some damaged cursors are valid, perhaps with another time."""
        papers.insert_many(numbered(3))
        _, _, token = now(Feed(papers, FIELDS)).partition(":")
        for digit in "0F":
            try:
                batch = Feed(papers, FIELDS).after(f"changes:{token[:place]}{digit}{token[place + 1 :]}", 2)
            except Gone:
                continue
            assert batch.cursor.startswith("changes:")

    def test_cursor_with_an_invalid_id_is_refused(self, papers: Papers) -> None:
        papers.insert_many(numbered(3))
        first = Feed(papers, FIELDS).after("all:garbage:p_00001")
        assert [each["_id"] for each in first.put] == ["p_00002"]
        with pytest.raises(Gone):
            Feed(papers, FIELDS).after(first.cursor)

    def test_cursor_older_than_the_oplog_is_refused(self, papers: Papers) -> None:
        cursor = now(Feed(papers, FIELDS))
        papers.insert_many(numbered(3))
        found = next(batches(Feed(papers, FIELDS), cursor, most=1)).cursor
        with pytest.raises(Gone, match="no longer known"):
            Feed(papers, FIELDS).after(with_time(found, datetime.now(UTC) - timedelta(days=400)))

    @pytest.mark.parametrize("how", ["dropped", "renamed", "replaced"])
    @pytest.mark.parametrize("before", [0, 1, 5])
    @pytest.mark.parametrize("most", [1, feed.MOST])
    def test_cursor_of_a_dropped_or_renamed_collection_is_refused(
        self, papers: Papers, how: str, before: int, most: int
    ) -> None:
        feed_, name, database = Feed(papers, FIELDS), papers.name, papers.database
        papers.insert_one({"_id": "old"})
        cursor = now(feed_)
        for document in numbered(before):
            papers.insert_one(document)
        if how == "dropped":
            papers.drop()
        elif how == "renamed":
            papers.rename(f"{name}_old")
        else:
            database[f"{name}_other"].insert_one({"_id": "other"})
            database[f"{name}_other"].rename(name, dropTarget=True)
            papers.delete_one({"_id": "other"})
        database[name].insert_one({"_id": "new"})
        with pytest.raises(Gone):
            changed(feed_, cursor, most)
        assert [each["_id"] for batch in batches(feed_) for each in batch.put] == ["new"]


@pytest.fixture
def copy(copies: Papers) -> Copy:
    return Copy(copies, FIELDS, times=("when",))


def delivery(base: str | None, cursor: str, *put: Document, **more: Any) -> Delivery:
    return Delivery(
        base=base, cursor=cursor, put=list(put), remove=more.get("remove", []), range=more.get("range")
    )


@pytest.mark.parametrize(
    ("error", "is_too_much"),
    [
        (OperationFailure("", 112), True),
        (OperationFailure("", 290), True),
        (OperationFailure("", 388), True),
        (OperationFailure("", 11000), False),
        (OperationFailure("", 1, {"errorLabels": ["TransientTransactionError"]}), True),
        (OperationFailure("", 1, {"errorLabels": ["RetryableWriteError"]}), False),
        (BulkWriteError({"writeErrors": [{"code": 11000}, {"code": 388}]}), True),
        (BulkWriteError({"writeErrors": [{"code": 11000}]}), False),
        (BulkWriteError({"errorLabels": ["TransientTransactionError"]}), True),
    ],
    ids=str,
)
def test_errors_of_too_large_transactions_are_known(error: OperationFailure, is_too_much: bool) -> None:
    assert replication_copies._is_too_much(error) is is_too_much


class TestCopies:
    def test_copies_follow_deliveries(self, copy: Copy, copies: Papers) -> None:
        assert copy.cursor(NAME) is None
        copy.apply(NAME, delivery(None, "c1", *numbered(2)))
        assert copy.cursor(NAME) == "c1"
        copy.apply(NAME, delivery("c1", "c2", {"_id": "p_00001", "score": 2}, remove=["p_00000", "p_9"]))
        assert copy.cursor(NAME) == "c2"
        assert everything(copies) == [{"_id": "p_00001", "score": 2}]

    def test_copies_are_filled_once_they_follow_changes(self, copy: Copy) -> None:
        assert not copy.is_filled(NAME)
        copy.apply(NAME, delivery(None, "all:token:p_1"))
        assert not copy.is_filled(NAME)
        copy.apply(NAME, delivery("all:token:p_1", "changes:token"))
        assert copy.is_filled(NAME)

    def test_delivery_without_changes_moves_the_cursor(self, copy: Copy) -> None:
        copy.apply(NAME, delivery(None, "c1"))
        copy.apply(NAME, delivery("c1", "c2"))
        assert copy.cursor(NAME) == "c2"

    @pytest.mark.parametrize("base", [None, "c1"])
    def test_the_same_delivery_counts_once(self, copy: Copy, copies: Papers, base: str | None) -> None:
        if base:
            copy.apply(NAME, delivery(None, base))
        once = delivery(base, "c2", *numbered(2))
        copy.apply(NAME, once)
        copies.update_one({"_id": "p_00000"}, {"$set": {"title": "touched since"}})
        with pytest.raises(Stale):
            copy.apply(NAME, once)
        assert copy.cursor(NAME) == "c2"
        assert everything(copies)[0]["title"] == "touched since"

    @pytest.mark.parametrize("base", [None, "c1", "c2", "never"])
    def test_delivery_from_another_cursor_is_refused(
        self, copy: Copy, copies: Papers, base: str | None
    ) -> None:
        for before, cursor in ((None, "c1"), ("c1", "c2"), ("c2", "c3")):
            copy.apply(NAME, delivery(before, cursor, {"_id": cursor}))
        late = delivery(base, "c9", {"_id": "late"}, remove=["c1"])
        with pytest.raises(Stale):
            copy.apply(NAME, late)
        assert copy.cursor(NAME) == "c3"
        assert [each["_id"] for each in everything(copies)] == ["c1", "c2", "c3"]

    def test_delivery_with_a_cursor_before_the_first_is_refused(self, copy: Copy, copies: Papers) -> None:
        with pytest.raises(Stale):
            copy.apply(NAME, delivery("c1", "c2", *numbered(1)))
        assert (copy.cursor(NAME), everything(copies)) == (None, [])

    @pytest.mark.parametrize("base", [None, "c0"])
    def test_one_of_several_concurrent_deliveries_is_applied(
        self, copy: Copy, copies: Papers, base: str | None
    ) -> None:
        """Each delivers other documents, so that the test sees which was applied."""
        if base:
            copy.apply(NAME, delivery(None, base))
        threads = 8
        for number in range(5):
            before = copy.cursor(NAME)
            copies.delete_many({})
            together = threading.Barrier(threads)

            def take(thread: int, before: str | None = before, number: int = number) -> str:
                put = [{"_id": f"{thread}-{each}"} for each in range(30)]
                together.wait(PATIENCE)  # noqa: B023 - all of this round have ended before the next
                try:
                    copy.apply(NAME, delivery(before, f"r{number}-{thread}", *put))
                except (Stale, DependencyUnavailable) as problem:
                    return type(problem).__name__
                return f"r{number}-{thread}"

            with ThreadPoolExecutor(threads) as pool:
                ends = list(pool.map(take, range(threads)))
            (taken,) = set(ends) - {"Stale", "DependencyUnavailable"}
            assert copy.cursor(NAME) == taken
            winner = taken.partition("-")[2]
            assert {each["_id"] for each in copies.find()} == {f"{winner}-{each}" for each in range(30)}

    def test_delivery_is_applied_completely_or_not_at_all(self, copy: Copy, copies: Papers) -> None:
        copy.apply(NAME, delivery(None, "c1", {"_id": "a", "score": 1}))
        copies.create_indexes([IndexModel([("score", 1)], unique=True)])
        with pytest.raises(DependencyUnavailable):
            copy.apply(NAME, delivery("c1", "c2", {"_id": "b", "score": 2}, {"_id": "c", "score": 1}))
        assert copy.cursor(NAME) == "c1"
        assert everything(copies) == [{"_id": "a", "score": 1}]

    def test_delivery_too_large_for_a_transaction_is_refused(self, copy: Copy, copies: Papers) -> None:
        """MongoDB reports a too small cache and a conflicting write in the same way."""
        copy.apply(NAME, delivery(None, "c1", *numbered(3)))
        client = copies.database.client
        with client.start_session() as session, session.start_transaction():
            copies.update_one({"_id": "p_00001"}, {"$set": {"title": "theirs"}}, session=session)
            with pytest.raises(TooLarge, match=r"3 changes .* in one transaction.* GB would do"):
                copy.apply(NAME, delivery("c1", "c2", *numbered(3, score=2)))
            assert copy.cursor(NAME) == "c1"
            copy.apply(NAME, delivery("c1", "c2", numbered(1, score=2)[0]))
            session.abort_transaction()
        copy.apply(NAME, delivery("c2", "c3", *numbered(3, score=2)))
        assert everything(copies) == numbered(3, score=2)

    def test_size_of_the_cache_follows_from_that_of_the_indexes(
        self, copy: Copy, copies: Papers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy.apply(NAME, delivery(None, "c1", *numbered(3)))
        size = copies.database.command("collStats", copies.name)["totalIndexSize"]
        assert "their indexes, which have 0 MB. 1 GB would do." in copy._too_much(3)
        monkeypatch.setattr(replication_copies, "CACHE_PER_INDEX", 3 * 2**30)
        assert f" {3 * size} GB would do." in copy._too_much(3)

    @pytest.mark.parametrize(
        ("within", "left"),
        [
            ((None, None), ["c"]),
            ((None, "c"), ["c", "d", "e"]),
            (("b", None), ["a", "b", "c"]),
            (("b", "d"), ["a", "b", "c", "e"]),
            (("c", "d"), ["a", "b", "c", "e"]),
        ],
        ids=str,
    )
    def test_delivery_of_a_range_removes_other_copies_in_it(
        self, copy: Copy, copies: Papers, within: tuple[str | None, str | None], left: list[str]
    ) -> None:
        copy.apply(NAME, delivery(None, "c1", *({"_id": name, "title": "old"} for name in "abcde")))
        copy.apply(NAME, delivery("c1", "c2", {"_id": "c", "title": "new"}, range=within))
        assert [each["_id"] for each in everything(copies)] == left
        assert copies.find_one({"_id": "c"}) == {"_id": "c", "title": "new"}

    def test_missing_fields_are_removed(self, copy: Copy, copies: Papers) -> None:
        copy.apply(NAME, delivery(None, "c1", {"_id": "a", "title": "x", "score": 1}))
        copy.apply(NAME, delivery("c1", "c2", {"_id": "a", "score": 2}))
        assert everything(copies) == [{"_id": "a", "score": 2}]

    @pytest.mark.parametrize(
        "put",
        [
            *({"_id": "a", "password": "x"}, {"_id": "a", "$set": 1}, {"_id": "a", "title.x": 1}),
            *({"_id": 1}, {"_id": None}, {"title": "x"}, {"_id": {"$gt": ""}}, {"_id": ["a"]}),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("own", [(), ("score",)], ids=str)
    def test_unexpected_field_is_refused(self, copies: Papers, own: tuple[str, ...], put: Document) -> None:
        copy = Copy(copies, FIELDS, own=own)
        with pytest.raises(Unprocessable):
            copy.apply(NAME, delivery(None, "c1", {"_id": "good"}, put))
        assert (copy.cursor(NAME), everything(copies)) == (None, [])

    @pytest.mark.parametrize(
        ("found", "kept"),
        [
            ("2020-02-03T04:05:06Z", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
            ("2020-02-03T04:05:06.789Z", datetime(2020, 2, 3, 4, 5, 6, 789000, UTC)),
            ("2020-02-03T04:05:06+02:00", datetime(2020, 2, 3, 2, 5, 6, tzinfo=UTC)),
            (None, None),
        ],
        ids=str,
    )
    def test_times_are_stored_as_dates(
        self, copy: Copy, copies: Papers, found: str | None, kept: datetime | None
    ) -> None:
        copy.apply(NAME, delivery(None, "c1", {"_id": "a", "when": found, "title": "2020-02-03T04:05:06Z"}))
        assert everything(copies) == [{"_id": "a", "when": kept, "title": "2020-02-03T04:05:06Z"}]

    @pytest.mark.parametrize("found", ["yesterday", "", 7, {}, True, "2020-13-01T00:00:00Z"], ids=plain_id)
    def test_invalid_time_is_refused(self, copy: Copy, found: Any) -> None:
        with pytest.raises(Unprocessable) as refused:
            copy.apply(NAME, delivery(None, "c1", {"_id": "a", "when": found}))
        assert refused.value.issues == {"put": "times are ISO 8601"}
        assert copy.cursor(NAME) is None

    def test_copies_stay_until_a_new_start_delivers_newer_ones(self, copy: Copy, copies: Papers) -> None:
        copy.apply(NAME, delivery(None, "c1", *numbered(3)))
        copy.forget(NAME)
        copy.forget(NAME)
        assert copy.cursor(NAME) is None
        assert len(everything(copies)) == 3
        with pytest.raises(Stale):
            copy.apply(NAME, delivery("c1", "c2", {"_id": "on its way since before"}))
        copy.apply(NAME, delivery(None, "c3", {"_id": "p_00001"}, range=(None, None)))
        assert (copy.cursor(NAME), everything(copies)) == ("c3", [{"_id": "p_00001"}])

    def test_each_name_has_its_own_cursor(self, copy: Copy, copies: Papers) -> None:
        other = Copy(copies, FIELDS)
        copy.apply("one", delivery(None, "c1"))
        other.apply("another", delivery(None, "d1"))
        copy.forget("one")
        assert (copy.cursor("one"), other.cursor("another")) == (None, "d1")


KINDS = {"tags": ["stone"], "liked": True, "hidden": True}
COMMON = {"reader": "ann", "post": "t3_1"}


@pytest.fixture
def owners(copies: Papers) -> dict[str, Copy]:
    """The copies of three owners, each with one field of the same documents."""
    return {kind: Copy(copies, (*COMMON, kind), own=(kind,)) for kind in KINDS}


class TestSeveralOwners:
    def test_fields_of_several_owners_are_in_one_document(
        self, owners: dict[str, Copy], copies: Papers
    ) -> None:
        for kind, value in KINDS.items():
            owners[kind].apply(kind, delivery(None, "c1", {"_id": "m", **COMMON, kind: value}))
        assert everything(copies) == [{"_id": "m", **COMMON, **KINDS}]

    @pytest.mark.parametrize("how", [{"remove": ["m"]}, {"range": (None, None)}], ids=str)
    def test_owner_removes_its_own_fields_only(
        self, owners: dict[str, Copy], copies: Papers, how: dict[str, Any]
    ) -> None:
        for kind, value in KINDS.items():
            owners[kind].apply(kind, delivery(None, "c1", {"_id": "m", **COMMON, kind: value}))
        owners["liked"].apply("liked", delivery("c1", "c2", **how))
        left = {kind: value for kind, value in KINDS.items() if kind != "liked"}
        assert everything(copies) == [{"_id": "m", **COMMON, **left}]
        owners["liked"].apply("liked", delivery("c2", "c3", {"_id": "m", **COMMON, "liked": False}))
        assert everything(copies) == [{"_id": "m", **COMMON, **left, "liked": False}]

    def test_concurrent_deliveries_of_several_owners_are_applied(
        self, owners: dict[str, Copy], copies: Papers
    ) -> None:
        """A delivery that conflicts with another is refused, and sent again."""
        together = threading.Barrier(len(KINDS))

        def carry(kind: str) -> None:
            for number in range(10):
                put = [{"_id": f"m{number}-{each}", kind: KINDS[kind]} for each in range(20)]
                found = delivery(str(number) if number else None, str(number + 1), *put)
                together.wait(PATIENCE)
                for _ in range(200):
                    try:
                        owners[kind].apply(kind, found)
                        break
                    except (DependencyUnavailable, TooLarge):
                        continue
                else:
                    raise AssertionError("it never got through")

        with ThreadPoolExecutor(len(KINDS)) as pool:
            for done in [pool.submit(carry, kind) for kind in KINDS]:
                done.result(PATIENCE)
        assert [{**each, "_id": ""} for each in copies.find()] == [{"_id": "", **KINDS}] * 200


def carry(of: Feed, to: Copy, most: int) -> None:
    """Update copies by JSON, as sync does."""
    more = True
    while more:
        base = to.cursor(NAME)
        found = orjson.loads(dumps(dict(of.after(base, most))))
        keys = ("cursor", "put", "remove", "range")
        to.apply(NAME, Delivery(base=base, **{key: found[key] for key in keys}))
        more = found["more"]


@pytest.mark.parametrize("most", [4, feed.MOST])
def test_copies_end_equal_to_the_owners_documents(
    papers: Papers, copy: Copy, copies: Papers, most: int
) -> None:
    feed_ = Feed(papers, FIELDS)
    papers.insert_many(numbered(10, when=datetime(2020, 2, 3, 4, 5, 6, 789000, UTC), score=2**40))
    copies.insert_many([{"_id": "p_00003", "title": "damaged"}, {"_id": "zzz", "title": "never was"}])
    carry(feed_, copy, most)
    assert everything(copies) == everything(papers)
    papers.delete_many({"_id": {"$lt": "p_00003"}})
    papers.update_many({}, {"$inc": {"score": 1}})
    papers.insert_many([{"_id": f"q_{number}"} for number in range(6)])
    carry(feed_, copy, most)
    assert everything(copies) == everything(papers)
    copy.forget(NAME)
    copies.update_many({}, {"$set": {"title": "damaged"}})
    carry(feed_, copy, most)
    assert everything(copies) == everything(papers)


@pytest.mark.parametrize(("count", "words"), [(1500, 220), (60, 4500)])
def test_long_texts_are_copied_with_a_text_index(
    papers: Papers, copies: Papers, count: int, words: int
) -> None:
    """MongoDB aborts a transaction that is too large for its cache, however often it is tried."""
    known = [f"word{number}" for number in range(5000)]
    drawn = random.Random(1)
    papers.insert_many(
        [{**each, "title": " ".join(drawn.choices(known, k=words))} for each in numbered(count)]
    )
    copies.create_indexes([IndexModel([("title", "text")])])
    carry(Feed(papers, FIELDS), Copy(copies, FIELDS), feed.MOST)
    assert copies.count_documents({}) == count


@pytest.fixture(scope="module")
def sync() -> Issuer:
    """The issuer of sync's tokens."""
    return Issuer(secrets.token_urlsafe(32), SYNC, timedelta(minutes=10))


@pytest.fixture
def service_call(
    make_service: Callable[..., Service],
    make_caller: Callable[[Any], Call],
    sync: Issuer,
    papers: Papers,
    copy: Copy,
) -> Call:
    """Sends requests, by default as sync, to a service that publishes and copies papers."""
    app = make_service(services=Verifier(LocalKeys(sync.jwks()), SYNC))
    app.register_blueprint(feeds_blueprint({NAME: Feed(papers, FIELDS)}))
    app.register_blueprint(copies_blueprint({NAME: copy}))
    config.cache_only(app)
    call = make_caller(app)

    def as_sync(method: str, path: str, *, token: str | None = None, **options: Any) -> TestResponse:
        bearer = sync.issue("sync").token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return call(method, path, headers={**headers, **options.pop("headers", {})}, **options)

    return as_sync


def delivery_of(base: str | None, cursor: str, *put: Document, **more: Any) -> dict[str, Any]:
    return {"base": base, "cursor": cursor, "put": list(put), "remove": [], **more}


VERBS = [("GET", "/changes/papers"), *((method, "/copies/papers") for method in ("GET", "PUT", "DELETE"))]


class TestVerbs:
    def test_changes_go_from_an_owner_to_a_taker(
        self, service_call: Call, papers: Papers, copies: Papers
    ) -> None:
        assert service_call("GET", "/copies/papers").json == {"cursor": None}
        when = datetime(2020, 2, 3, 4, 5, 6, 789000, UTC)
        papers.insert_many([*numbered(2), {"_id": "p_9", "when": when, "secret": "hidden-word"}])
        assert service_call("GET", "/changes/papers", query={"most": "1"}).status_code == 200
        found = service_call("GET", "/changes/papers", query={"most": "2"})
        assert (found.status_code, found.mimetype) == (200, "application/json")
        assert (found.json["put"], found.json["range"]) == (numbered(2), [None, "p_00001"])
        for base, cursor in ((None, "c1"), ("c1", "c2")):
            query = {"after": found.json["cursor"]} if base else {"most": "2"}
            found = service_call("GET", "/changes/papers", query=query)
            given = {"base": base, "cursor": cursor, "remove": [], "put": found.json["put"]}
            response = service_call("PUT", "/copies/papers", json={**given, "range": found.json["range"]})
            assert (response.status_code, response.data) == (204, b"")
        assert service_call("GET", "/copies/papers").json == {"cursor": "c2"}
        assert everything(copies) == [*numbered(2), {"_id": "p_9", "when": when}]
        assert service_call("DELETE", "/copies/papers").status_code == 204
        assert service_call("GET", "/copies/papers").json == {"cursor": None}

    @pytest.mark.parametrize(("method", "path"), VERBS)
    @pytest.mark.parametrize("who", ["nobody", "reader", "forged", "garbage", "basic"])
    def test_only_services_may_read_changes_and_write_copies(
        self,
        service_call: Call,
        refused: Refused,
        issuer: Issuer,
        papers: Papers,
        who: str,
        method: str,
        path: str,
    ) -> None:
        papers.insert_one({"_id": "p_1", "title": "hidden-word"})
        forger = Issuer(secrets.token_urlsafe(32), SYNC, timedelta(minutes=10))
        tokens = {
            "nobody": "",
            "reader": issuer.issue("sync").token,
            "forged": forger.issue("sync").token,
            "garbage": "x.y.z",
            "basic": "",
        }
        headers = {"Authorization": "Basic c3luYzpzeW5j"} if who == "basic" else {}
        body = delivery_of(None, "c1", {"_id": "p_2"})
        response = service_call(
            method, path, token=tokens[who], headers=headers, json=body if method == "PUT" else None
        )
        refused(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert "hidden-word" not in response.text
        assert service_call("GET", "/copies/papers").json == {"cursor": None}

    def test_token_of_a_service_makes_no_reader(self, service_call: Call, refused: Refused) -> None:
        refused(service_call("GET", "/notes"), 401)

    @pytest.mark.parametrize(("method", "path"), VERBS)
    def test_unknown_name_is_not_found(
        self, service_call: Call, refused: Refused, method: str, path: str
    ) -> None:
        body = {"json": delivery_of(None, "c1")} if method == "PUT" else {}
        refused(service_call(method, path.replace("papers", "nothing"), **body), 404, "no nothing", "papers")

    def test_late_delivery_is_refused(self, service_call: Call, refused: Refused, copies: Papers) -> None:
        first = delivery_of(None, "c1", {"_id": "p_1"})
        assert service_call("PUT", "/copies/papers", json=first).status_code == 204
        for late in (first, delivery_of("c0", "c9", {"_id": "p_2"})):
            refused(service_call("PUT", "/copies/papers", json=late), 412)
        assert everything(copies) == [{"_id": "p_1"}]

    @pytest.mark.parametrize("cursor", ["garbage", "changes:garbage", "changes:"])
    def test_unusable_cursor_is_refused(self, service_call: Call, refused: Refused, cursor: str) -> None:
        refused(service_call("GET", "/changes/papers", query={"after": cursor}), 410)

    @pytest.mark.parametrize(
        "query",
        [
            *({"most": text} for text in ("0", "1001", "-1", "1.5", "many", "", "٣", "9" * 30)),
            *({"since": "x"}, {"after": ["x", "y"]}, {"most": ["1", "2"]}),
        ],
        ids=plain_id,
    )
    def test_invalid_parameters_are_refused(
        self, service_call: Call, refused: Refused, query: dict[str, Any]
    ) -> None:
        refused(service_call("GET", "/changes/papers", query=query), 400)

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"x", b"[]", b"null", b'"x"', b"{}", b"\xff", b'{"base": null'),
            *(
                orjson.dumps({**delivery_of(None, "c1"), **wrong})
                for wrong in (
                    *({"put": None}, {"put": {}}, {"put": ["x"]}, {"remove": [1]}, {"remove": "ab"}),
                    *({"range": []}, {"range": ["a"]}, {"range": [1, 2]}, {"base": 1}, {"cursor": None}),
                    *({"more": True}, {"$set": {}}),
                )
            ),
            orjson.dumps({"cursor": "c1", "put": [], "remove": []}),
            b'{"base": null, "cursor": "c1", "remove": [], "put": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        ],
        ids=lambda body: plain_id(body[:70]),
    )
    def test_malformed_delivery_is_refused(
        self, service_call: Call, refused: Refused, copies: Papers, body: bytes
    ) -> None:
        response = service_call("PUT", "/copies/papers", data=body, content_type="application/json")
        refused(response, 400, "no delivery")
        assert service_call("GET", "/copies/papers").json == {"cursor": None}

    @pytest.mark.parametrize(
        "put", [{"_id": "p_1", "secret": "x"}, {"_id": 1}, {"_id": "p_1", "when": "soon"}], ids=str
    )
    def test_delivery_with_an_invalid_document_is_refused(
        self, service_call: Call, refused: Refused, put: Document
    ) -> None:
        body = refused(service_call("PUT", "/copies/papers", json=delivery_of(None, "c1", put)), 422)
        assert set(body["_issues"]) == {"put"}
        assert service_call("GET", "/copies/papers").json == {"cursor": None}

    def test_deliveries_may_be_larger_than_other_bodies_up_to_a_limit(
        self, service_call: Call, refused: Refused, copies: Papers
    ) -> None:
        large = [{"_id": f"p_{number}", "title": "x" * 2**20} for number in range(5)]
        assert service_call("PUT", "/copies/papers", json=delivery_of(None, "c1", *large)).status_code == 204
        assert copies.count_documents({}) == 5
        too_large = b" " * (LARGEST_BATCH + 1)
        response = service_call("PUT", "/copies/papers", data=too_large, content_type="application/json")
        refused(response, 413, str(LARGEST_BATCH))
        small = {"_id": "n_1", "text": "x" * 2**17}
        refused(service_call("POST", "/notes", json=small), 413)

    @pytest.mark.parametrize("path", ["/changes/papers", "/copies/papers"])
    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_other_methods_are_not_allowed(
        self, service_call: Call, refused: Refused, method: str, path: str
    ) -> None:
        refused(service_call(method, path, token="", json={}), 405)


def test_database_that_is_away_is_a_problem() -> None:
    nobody = f"mongodb://127.0.0.1:{free_port()}/away?serverSelectionTimeoutMS=100"
    with MongoClient[Document](nobody) as client:
        collection = client.get_default_database()[NAME]
        requested: list[Callable[[], object]] = [
            lambda: Feed(collection, FIELDS).after(None),
            lambda: Feed(collection, FIELDS).after("changes:8200"),
            lambda: Copy(collection, FIELDS).cursor(NAME),
            lambda: Copy(collection, FIELDS).apply(NAME, delivery(None, "c1")),
            lambda: Copy(collection, FIELDS).forget(NAME),
        ]
        for call in requested:
            with pytest.raises(DependencyUnavailable):
                call()
