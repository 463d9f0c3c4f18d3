"""Ponds end equal to the owners' documents, in whatever order and however often events come."""

import random
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo import ASCENDING, TEXT, IndexModel, InsertOne, MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from kit.http.problems import DependencyUnavailable
from kit.mongo import client as mongo
from kit.mongo.indexes import make_indexes
from step3_async.contracts.envelope import Event, Page
from step3_async.rapids.pond import Pond, bulk_writes, pond_indexes, versioned_writer
from step3_async.rapids.pond.bulk_writes import Rejected, write
from tests.step3.histories import Change, event, events, page, snapshot, state, version
from tests.support.eventually import PATIENCE
from workshop.ports import free_port

Document = dict[str, Any]

DOMAIN = "papers"
KEYS = ("p_a", "p_b", "p_c", "p_d", "p_e")
KINDS = {"tag": "tags", "like": "liked", "hide": "hidden"}

few = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def store(mongo_client: MongoClient[Document]) -> Iterator[Database[Document]]:
    name = f"pond_{uuid.uuid4().hex[:12]}"
    yield mongo_client[name]
    mongo_client.drop_database(name)


def pond_in(store: Database[Document], **changed: Any) -> Pond:
    """Return an empty pond."""
    for name in store.list_collection_names():
        store[name].delete_many({})
    return Pond(**{"collection": store[DOMAIN], "domain": DOMAIN, "fields": ("title", "at")} | changed)


def shown(pond: Pond) -> dict[str, Document]:
    """Return the documents that the pond shows, by id."""
    found = pond.collection.find({}, {"applied": 0})
    return {each.pop("_id"): each for each in found}


histories = st.lists(
    st.tuples(st.sampled_from(KEYS), st.one_of(st.none(), st.builds(dict, title=st.text("xyz", max_size=2)))),
    min_size=1,
    max_size=14,
)


@st.composite
def rivers(draw: st.DrawFn) -> tuple[list[Change], list[list[Event]]]:
    """Draw a history, and the batches of a river that begins somewhere in it, with snapshots."""
    history = draw(histories)
    begins = draw(st.integers(0, len(history)))
    delivered = events(DOMAIN, history, draw(st.booleans()))[begins:]
    wanted = draw(st.integers(1 if begins else 0, 2))
    for number in range(wanted):
        at = draw(st.integers(begins, len(history)))
        most, late = draw(st.integers(1, 4)), draw(st.integers(0, 4))
        delivered += snapshot(DOMAIN, history, at, f"run-{number}", most, late)
    again = draw(st.lists(st.sampled_from(delivered), max_size=6)) if delivered else []
    order = draw(st.permutations(delivered + again))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=8)))
    batches = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return history, [batch for batch in batches if batch]


class TestAnyOrder:
    @few
    @given(river=rivers())
    def test_pond_ends_as_the_history_does(
        self, store: Database[Document], river: tuple[list[Change], list[list[Event]]]
    ) -> None:
        history, batches = river
        pond = pond_in(store)
        for batch in batches:
            pond.apply(batch)
        assert shown(pond) == state(history, len(history))

    @few
    @given(river=rivers(), handlers=st.integers(2, 4))
    def test_several_handlers_end_as_the_history_does(
        self, store: Database[Document], river: tuple[list[Change], list[list[Event]]], handlers: int
    ) -> None:
        history, batches = river
        pond = pond_in(store)
        with ThreadPoolExecutor(handlers) as pool:
            list(pool.map(pond.apply, batches))
        assert shown(pond) == state(history, len(history))

    @few
    @given(st.fixed_dictionaries(dict.fromkeys(KINDS, histories)), st.randoms(use_true_random=False))
    def test_parts_of_several_domains_end_in_one_document(
        self, store: Database[Document], changes: dict[str, list[Change]], chance: random.Random
    ) -> None:
        ponds, work = {}, []
        for kind, field in KINDS.items():
            ponds[kind] = pond_in(store, domain=kind, fields=("reader", field), own=(field,))
            changes[kind] = [
                (key, after and {"reader": "ada", field: after["title"]}) for key, after in changes[kind]
            ]
            at = chance.randrange(len(changes[kind]) + 1)
            batch = events(kind, changes[kind])[at if chance.random() < 0.5 else 0 :]
            batch += snapshot(kind, changes[kind], at)
            chance.shuffle(batch)
            half = chance.randrange(len(batch) + 1)
            work += [(kind, batch[:half]), (kind, batch[half:])]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda each: ponds[each[0]].apply(each[1]), work))
        for kind, field in KINDS.items():
            found = {key: each[field] for key, each in shown(ponds[kind]).items() if field in each}
            assert found == {key: each[field] for key, each in state(changes[kind], 99).items()}

    def test_many_handlers_of_few_documents_end_as_the_history_does(self, store: Database[Document]) -> None:
        """Each handler gets every event, in its own order, so that they conflict often."""
        chance = random.Random(7)
        for _ in range(10):
            pond = pond_in(store)
            history: list[Change] = [
                (chance.choice(KEYS[:2]), None if chance.random() < 0.5 else {"title": str(number)})
                for number in range(40)
            ]
            published = events(DOMAIN, history)
            orders = [[[each] for each in chance.sample(published, len(published))] for _ in range(4)]
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda order, to=pond: [to.apply(batch) for batch in order], orders))
            assert shown(pond) == state(history, len(history))


class TestEvents:
    def test_apply_returns_the_applied_revisions(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        applied = pond.apply(
            [
                event(DOMAIN, 1, "p_a", {"title": "a", "revision": 1}),
                event(DOMAIN, 3, "p_a", {"title": "c", "revision": 3}),
                event(DOMAIN, 2, "p_a", {"title": "b", "revision": 2}),
                event(DOMAIN, 4, "p_b", {"title": "b"}),
                event(DOMAIN, 5, "p_c", None),
            ]
        )
        assert sorted(applied) == [("p_a", 3), ("p_b", 0), ("p_c", 0)]
        assert [pond.applied_revision(key) for key in ("p_a", "p_b", "p_c", "p_d")] == [3, 0, None, None]

    def test_an_older_event_changes_nothing(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.apply([event(DOMAIN, 9, "p_a", {"title": "new", "revision": 9})])
        assert pond.apply([event(DOMAIN, 8, "p_a", {"title": "old", "revision": 8})]) == [("p_a", 8)]
        assert shown(pond) == {"p_a": {"title": "new"}}
        assert pond.applied_revision("p_a") == 9

    def test_only_named_fields_are_stored_and_times_are_dates(self, store: Database[Document]) -> None:
        pond = pond_in(store, times=("at",))
        pond.apply([event(DOMAIN, 1, "p_a", {"at": "2026-03-01T09:30:00Z", "secret": "x"})])
        (found,) = pond.collection.with_options(mongo_times()).find({})
        assert found == {
            "_id": "p_a",
            "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
            "applied": {DOMAIN: {"version": version(1), "revision": 0}},
        }

    def test_removed_field_is_removed(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.apply([event(DOMAIN, 1, "p_a", {"title": "a", "at": "x"})])
        pond.apply([event(DOMAIN, 2, "p_a", {"at": "y"})])
        assert shown(pond) == {"p_a": {"at": "y"}}

    def test_removal_keeps_fields_of_other_owners(self, store: Database[Document]) -> None:
        tag = pond_in(store, domain="tag", fields=("reader", "tags"), own=("tags",))
        like = pond_in(store, domain="like", fields=("reader", "liked"), own=("liked",))
        tag.apply([event("tag", 1, "p_a", {"reader": "ada", "tags": ["x"], "revision": 1})])
        like.apply([event("like", 1, "p_a", {"reader": "ada", "liked": True, "revision": 4})])
        tag.apply([event("tag", 2, "p_a", None)])
        assert shown(tag) == {"p_a": {"reader": "ada", "liked": True}}
        assert (tag.applied_revision("p_a"), like.applied_revision("p_a")) == (1, 4)

    def test_refused_document_is_rejected_and_others_are_stored(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        store[DOMAIN].create_indexes([IndexModel([("at", TEXT), ("title", ASCENDING)], name="odd")])
        good = event(DOMAIN, 1, "p_a", {"title": "a"})
        with pytest.raises(Rejected):
            pond.apply([good, event(DOMAIN, 2, "p_b", {"title": ["lists", "are refused"], "at": ["x"] * 3})])
        store[DOMAIN].drop_index("odd")
        assert "p_a" in shown(pond)

    def test_document_that_breaks_a_unique_index_is_rejected(self, store: Database[Document]) -> None:
        """An existing id is no such conflict: another process has stored the document."""
        pond = pond_in(store)
        store[DOMAIN].create_indexes([IndexModel([("title", ASCENDING)], name="one", unique=True)])
        try:
            with pytest.raises(Rejected, match="duplicate key"):
                pond.apply([event(DOMAIN, number, f"p_{number}", {"title": "same"}) for number in (1, 2)])
        finally:
            store[DOMAIN].drop_index("one")
        assert shown(pond) == {"p_1": {"title": "same"}}

    def test_tombstone_is_kept_for_a_week(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.apply([event(DOMAIN, 3, "p_a", None), event(DOMAIN, 2, "p_b", None)])
        pond.apply([event(DOMAIN, 2, "p_a", None)])
        kept = {each.pop("_id"): each for each in store["papers_removed"].find({})}
        assert {key: each["version"] for key, each in kept.items()} == {"p_a": version(3), "p_b": version(2)}
        assert all(isinstance(each["at"], datetime) for each in kept.values())
        old = {"name": "old", "key": {"at": 1}, "expireAfterSeconds": 7 * 24 * 3600}
        made = pond_indexes(DOMAIN, "notes")
        assert {*made} == {"papers_removed", "notes_removed", "rivers_pages"}
        assert all([each.document for each in indexes] == [old] for indexes in made.values())

    def test_invalid_time_is_refused(self, store: Database[Document]) -> None:
        with pytest.raises(ValueError):
            pond_in(store, times=("at",)).apply([event(DOMAIN, 1, "p_a", {"at": "soon"})])

    def test_database_that_is_away_is_unavailable(self) -> None:
        away = mongo.connect(f"mongodb://127.0.0.1:{free_port()}/nowhere?serverSelectionTimeoutMS=200")
        with away, pytest.raises(DependencyUnavailable):
            Pond(away["nowhere"][DOMAIN], DOMAIN, ("title",)).apply([event(DOMAIN, 1, "p_a", {})])


def test_write_that_a_majority_does_not_have_is_an_error(store: Database[Document]) -> None:
    """Not even if MongoDB has no complaint about the documents."""
    unsafe = store["papers"].with_options(write_concern=WriteConcern(w=2, wtimeout=100))
    with pytest.raises(BulkWriteError):
        write(unsafe, [InsertOne({"_id": "p_1"})])


def test_only_errors_of_documents_reject_them(
    store: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = store.create_collection("strict", validator={"title": {"$type": "string"}})
    requests = [InsertOne({"_id": "p_1", "title": 7}), InsertOne({"_id": "p_2", "title": "stones"})]
    with pytest.raises(Rejected, match="failed validation"):
        write(papers, requests)
    assert papers.distinct("_id") == ["p_2"]
    monkeypatch.setattr(bulk_writes, "TRANSIENT", {121})  # MongoDB's code for what happened
    with pytest.raises(BulkWriteError):
        write(papers, requests)


def test_document_that_met_another_writer_is_written_again(
    store: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MongoDB refuses a document if another one with its id was inserted between its two looks."""
    pond, attempts = pond_in(store), 0

    def refuse_twice(collection: Collection[Document], requests: Sequence[Any]) -> list[int]:
        nonlocal attempts
        attempts += 1
        return [*range(len(requests))] if attempts <= 2 else write(collection, requests)

    monkeypatch.setattr(versioned_writer, "write", refuse_twice)
    pond.apply([event(DOMAIN, 1, "p_1", {"title": "stones"})])
    assert shown(pond) == {"p_1": {"title": "stones"}}


class TestSnapshots:
    def pages(self, run: str = "run") -> list[Event]:
        history = [(key, {"title": key}) for key in KEYS]
        return snapshot(DOMAIN, history, 50, run, most=2)

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 0, 2, 1), (2, 0, 2, 1)])
    def test_snapshot_is_complete_once_all_pages_are_applied(
        self, store: Database[Document], order: Sequence[int]
    ) -> None:
        pond, pages = pond_in(store), self.pages()
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "run")
        for place in order:
            assert not snapshot_state(pond).was_complete
            pond.apply([pages[place]])
        assert snapshot_state(pond).was_complete and snapshot_state(pond).complete
        assert set(shown(pond)) == set(KEYS)

    def test_state_shows_the_progress_of_a_snapshot(self, store: Database[Document]) -> None:
        pond, pages = pond_in(store), self.pages()
        assert pond.snapshots.get(DOMAIN) is None
        began = datetime.now(UTC)
        pond.snapshots.record_request(DOMAIN, "rapids")
        state = snapshot_state(pond)
        assert (state.epoch, state.run, state.pages, state.reached) == ("rapids", None, 0, None)
        assert abs((state.wanted - began).total_seconds()) < PATIENCE
        pond.snapshots.begin(DOMAIN, "run")
        progress = []
        for place in (0, 0, 2, 1, 0):
            pond.apply([pages[place]])
            state = snapshot_state(pond)
            progress.append((state.run, state.pages, state.reached, state.complete))
            kept = store["rivers_pages"].find_one({"_id": f"{DOMAIN}/run"})
            assert kept is not None and len(kept["ahead"]) == (place == 2)
        assert progress == [
            *(("run", 1, "p_b", False), ("run", 2, "p_b", False), ("run", 3, "p_b", False)),
            *(("run", 4, None, True), ("run", 4, None, True)),
        ]

    def test_repeated_page_is_not_remembered(self, store: Database[Document]) -> None:
        pond, pages = pond_in(store), self.pages()
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "run")
        for place in (0, 1, 1):
            pond.apply([pages[place]])
            kept = store["rivers_pages"].find_one({"_id": f"{DOMAIN}/run"})
            assert kept is not None and kept["ahead"] == []

    def test_pages_before_the_acceptance_count(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.apply(self.pages())
        assert not snapshot_state(pond).was_complete
        pond.snapshots.begin(DOMAIN, "run")
        assert snapshot_state(pond).was_complete

    def test_pages_of_another_run_do_not_complete_a_snapshot(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "run")
        pond.apply(self.pages("before"))
        assert not snapshot_state(pond).was_complete
        pond.apply(self.pages())
        assert snapshot_state(pond).was_complete

    def test_pond_is_shown_during_a_rebuild_unless_it_is_emptied(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "run")
        pond.apply(self.pages())
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "again")
        assert snapshot_state(pond).was_complete and not snapshot_state(pond).complete
        pond.snapshots.record_request(DOMAIN, "rapids", empty=True)
        assert not snapshot_state(pond).was_complete

    def test_pages_applied_by_several_at_once_complete_a_snapshot(self, store: Database[Document]) -> None:
        for number in range(10):
            pond = pond_in(store)
            pond.snapshots.record_request(DOMAIN, "rapids")
            pond.snapshots.begin(DOMAIN, f"run-{number}")
            history = [(f"p_{key:03}", {"title": "x"}) for key in range(40)]
            pages = snapshot(DOMAIN, history, 50, f"run-{number}", most=3)
            random.Random(number).shuffle(pages)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda each, to=pond: to.apply([each]), pages))
            assert snapshot_state(pond).was_complete

    def test_document_in_no_page_is_removed_unless_it_is_newer(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.apply([event(DOMAIN, number, f"p_{number:04}", {"title": "x"}) for number in range(1, 2501)])
        empty = Page(run="run", documents=[], after=None, upto=None, last=True)
        pond.apply([page(DOMAIN, 2490, empty)])
        assert set(shown(pond)) == {f"p_{number:04}" for number in range(2491, 2501)}
        pond.apply([event(DOMAIN, 5, "p_0005", {"title": "x"})])
        assert "p_0005" not in shown(pond)

    def test_page_removes_documents_in_its_range_only(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.apply([event(DOMAIN, 1, key, {"title": "old"}) for key in KEYS])
        documents = [{"_id": "p_c", "title": "new"}]
        pond.apply(
            [page(DOMAIN, 9, Page(run="run", documents=documents, after="p_a", upto="p_d", last=False))]
        )
        assert shown(pond) == {"p_a": {"title": "old"}, "p_c": {"title": "new"}, "p_e": {"title": "old"}}

    def test_page_keeps_fields_of_other_owners(self, store: Database[Document]) -> None:
        tag = pond_in(store, domain="tag", fields=("tags",), own=("tags",))
        like = pond_in(store, domain="like", fields=("liked",), own=("liked",))
        tag.apply([event("tag", number, f"p_{number}", {"tags": ["x"]}) for number in (1, 11)])
        like.apply([event("like", number, f"p_{number}", {"liked": True}) for number in (1, 2)])
        tag.apply([page("tag", 9, Page(run="run", documents=[], after=None, upto=None, last=True))])
        assert shown(tag) == {"p_1": {"liked": True}, "p_2": {"liked": True}, "p_11": {"tags": ["x"]}}
        assert [tag.applied_revision(f"p_{number}") for number in (2, 11)] == [None, 0]

    def test_apply_returns_the_revisions_of_a_page(self, store: Database[Document]) -> None:
        documents = [{"_id": "p_a", "title": "a", "revision": 4}, {"_id": "p_b", "title": "b"}]
        pond = pond_in(store)
        assert pond.apply(
            [page(DOMAIN, 9, Page(run="run", documents=documents, after=None, upto=None, last=True))]
        ) == [("p_a", 4)]
        assert pond.applied_revision("p_a") == 4

    def test_invalid_document_does_not_prevent_others(self, store: Database[Document]) -> None:
        pond = pond_in(store, times=("at",))
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "run")
        pond.apply([event(DOMAIN, 1, key, {"title": "old"}) for key in ("p_a", "p_b", "p_gone")])
        documents = [
            {"_id": "p_a", "title": "new"},
            {"_id": "p_b", "at": "soon"},
            {"_id": "p_c", "title": "c"},
        ]
        whole = Page(run="run", documents=documents, after=None, upto=None, last=True)
        for _ in range(2):
            with pytest.raises(Rejected, match="p_b"):
                pond.apply([page(DOMAIN, 9, whole)])
            assert shown(pond) == {"p_a": {"title": "new"}, "p_b": {"title": "old"}, "p_c": {"title": "c"}}
            assert snapshot_state(pond).was_complete

    def test_document_that_mongodb_refuses_does_not_prevent_others(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        pond.snapshots.record_request(DOMAIN, "rapids")
        pond.snapshots.begin(DOMAIN, "run")
        pond.apply([event(DOMAIN, 1, "p_a", {"title": "old"})])
        store[DOMAIN].create_indexes([IndexModel([("at", TEXT), ("title", ASCENDING)], name="odd")])
        documents = [
            {"_id": "p_a", "title": ["refused"], "at": ["x"] * 3},
            {"_id": "p_b", "title": ["refused"], "at": ["x"] * 3},
            {"_id": "p_c", "title": "c"},
        ]
        try:
            with pytest.raises(Rejected):
                whole = Page(run="run", documents=documents, after=None, upto=None, last=True)
                pond.apply([page(DOMAIN, 9, whole)])
        finally:
            store[DOMAIN].drop_index("odd")
        assert shown(pond) == {"p_a": {"title": "old"}, "p_c": {"title": "c"}}
        assert snapshot_state(pond).was_complete

    def test_malformed_page_is_refused(self, store: Database[Document]) -> None:
        with pytest.raises(ValueError):
            pond_in(store).apply([event(DOMAIN, 1, "", None, event_name="snapshot-page", payload={})])


class TestEmptying:
    def test_emptying_keeps_indexes_and_is_permitted_to_a_service(self, mongod: Any) -> None:
        """Test it as the database's own user, who has the permissions of a service."""
        name = f"pond_{uuid.uuid4().hex[:12]}"
        with mongo.connect(mongod.add_user(name)) as client:
            database = client.get_default_database()
            words = IndexModel([("title", TEXT)], name="words", weights={"title": 3})
            partial = IndexModel([("at", ASCENDING)], name="some", partialFilterExpression={"at": {"$gt": 1}})
            make_indexes(database, {DOMAIN: [words, partial], **pond_indexes(DOMAIN)})
            pond = Pond(database[DOMAIN], DOMAIN, ("title",))
            pond.apply([event(DOMAIN, 1, "p_a", {"title": "a word"})])
            before = pond.collection.index_information()
            pond.empty()
            assert shown(pond) == {}
            assert pond.collection.index_information() == before
            pond.apply([event(DOMAIN, 1, "p_a", {"title": "a word"})])
            assert pond.collection.count_documents({"$text": {"$search": "word"}}) == 1
        with mongod.admin() as admin:
            admin[name].command("dropUser", name)
            admin.drop_database(name)

    def test_emptying_while_others_write_loses_nothing(self, store: Database[Document]) -> None:
        pond = pond_in(store)
        history = [(f"p_{number:04}", {"title": "x"}) for number in range(600)]
        published = events(DOMAIN, history)
        with ThreadPoolExecutor(2) as pool:
            writing = [pool.submit(_patiently, pond, published[at : at + 5]) for at in range(0, 600, 5)]
            for _ in range(3):
                pond.empty()
            for each in writing:
                each.result()
        pond.apply(snapshot(DOMAIN, history, 600, most=100))
        assert len(shown(pond)) == 600

    def test_emptying_one_domain_keeps_the_others(self, store: Database[Document]) -> None:
        tag = pond_in(store, domain="tag", fields=("tags",), own=("tags",))
        like = pond_in(store, domain="like", fields=("liked",), own=("liked",))
        tag.apply([event("tag", 5, "p_a", {"tags": ["x"]})])
        like.apply([event("like", 5, "p_a", {"liked": True})])
        tag.empty()
        assert shown(tag) == {"p_a": {"liked": True}}
        assert (tag.applied_revision("p_a"), like.applied_revision("p_a")) == (None, 0)
        tag.apply([event("tag", 4, "p_a", {"tags": ["y"]})])
        assert shown(tag) == {"p_a": {"liked": True, "tags": ["y"]}}


def snapshot_state(pond: Pond) -> Any:
    found = pond.snapshots.get(DOMAIN)
    assert found is not None
    return found


def mongo_times() -> Any:
    return CodecOptions(tz_aware=True, tzinfo=UTC)


def _patiently(pond: Pond, batch: Sequence[Event]) -> None:
    """Apply a batch with retries, as consumers do."""
    while True:
        try:
            pond.apply(batch)
            return
        except DependencyUnavailable:
            continue
