"""A complete load: counts, limits, and continuing where an interrupted load stopped."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any, Literal

import pytest
from pymongo.database import Database

from tests.support.eventually import PATIENCE
from tests.support.submission import Submission
from workshop.load.bundled import load_bundled
from workshop.load.files.source import FileSource
from workshop.load.generate import GeneratedSource, posts
from workshop.load.loading import Loading
from workshop.load.posts.reddit import post_from_reddit
from workshop.load.problems import LoadError, Problem
from workshop.load.source import Identity, Record
from workshop.load.writing.checkpoint import COLLECTION

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "reddit_python.json"


class Stumbling:
    """Generated posts, each tenth bad and each seventh no post; reading fails `tries` times at `at`."""

    unit: Literal["bytes", "posts"] = "posts"
    name = "stumbling"
    identity: Identity | None = Identity("stumbling", "1")

    def __init__(self, count: int, at: int, failure: BaseException, tries: int = 1) -> None:
        self.total: int | None = count
        self.position = 0
        self.starts: list[int] = []
        self._at, self._failure, self._tries = at, failure, tries

    @property
    def done(self) -> int:
        return self.position

    def records(self, start: int) -> Iterator[Record]:
        self.starts.append(start)
        for number, post in enumerate(posts(self.total or 0, start=start), start):
            if number == self._at and self._tries:
                self._tries -= 1
                raise self._failure
            self.position = number + 1
            if number % 10 == 9:
                yield Problem(f"record {number}", "spoilt")
            elif number % 7 == 6:
                yield Problem(f"record {number}", "a comment", bad=False)
            else:
                yield post


def sound(count: int) -> set[str]:
    return {post["_id"] for number, post in enumerate(posts(count)) if number % 10 != 9 and number % 7 != 6}


def ids(database: Database[dict[str, Any]]) -> set[str]:
    return {post["_id"] for post in database["posts"].find({}, {"_id": 1})}


@pytest.mark.skipif(not REAL.exists(), reason="the real reddit export is not beside the repository")
def test_the_real_export_loads_once(database):
    first = Loading(FileSource(REAL), database["posts"]).run()
    again = Loading(FileSource(REAL), database["posts"]).run()
    assert (first.new, first.updated, first.unchanged, first.bad) == (984, 0, 0, 0)
    assert (again.new, again.updated, again.unchanged, again.bad) == (0, 0, 984, 0)
    assert database["posts"].count_documents({}) == 984


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_everything_is_written_and_counted_with_any_batch_size(batch, database):
    count = 2500 if batch > 1 else 60
    tally = Loading(Stumbling(count, -1, LoadError("never")), database["posts"], batch=batch).run()
    assert ids(database) == sound(count)
    assert tally.new == len(sound(count))
    assert tally.bad == count // 10
    assert tally.left_out == {"a comment": sum(n % 7 == 6 and n % 10 != 9 for n in range(count))}
    assert tally.records == count
    assert [problem.where for problem in tally.examples] == [
        f"record {n * 10 + 9}" for n in range(min(count // 10, 10))
    ]
    assert database[COLLECTION].count_documents({}) == 0


@pytest.mark.parametrize("failure", [LoadError("cut short"), KeyboardInterrupt(), RuntimeError("a mistake")])
@pytest.mark.parametrize("at", [0, 1, 499, 500, 1777])
def test_stopped_load_continues_with_its_counts(failure, at, database):
    count = 2400
    source = Stumbling(count, at, failure)
    loading = Loading(source, database["posts"], batch=100)
    with pytest.raises(type(failure)):
        loading.run()
    written = ids(database)
    assert written == sound(count) & {post["_id"] for post in posts(loading.tally.records)}
    assert len(written) == loading.tally.new
    if isinstance(failure, LoadError):
        assert loading.tally.records == at
    again = Loading(source, database["posts"], batch=100)
    tally = again.run()
    assert again.resumed == bool(written)
    assert source.starts == [0, loading.tally.records if written else 0]
    assert ids(database) == sound(count)
    assert (tally.new, tally.unchanged, tally.updated) == (len(sound(count)), 0, 0)
    assert tally.bad == count // 10
    assert [problem.where for problem in tally.examples] == [f"record {n * 10 + 9}" for n in range(10)]
    assert database[COLLECTION].count_documents({}) == 0


def test_stopped_load_leaves_no_gap(database, monkeypatch):
    """Also if the writer continues while later batches are cancelled one by one."""
    loading = Loading(Stumbling(400, 300, RuntimeError("a mistake")), database["posts"], batch=100)
    submitted, may_write = [], Event()
    write, submit, cancel = loading._writer.write, ThreadPoolExecutor.submit, Future.cancel

    def write_when_it_may(documents):
        assert may_write.wait(PATIENCE)
        return write(documents)

    def submit_and_note(pool, *call):
        submitted.append(submit(pool, *call))
        return submitted[-1]

    def cancel_and_let_write(future):
        cancelled = cancel(future)
        may_write.set()
        wait(submitted, PATIENCE)
        return cancelled

    monkeypatch.setattr(loading._writer, "write", write_when_it_may)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_and_note)
    monkeypatch.setattr(Future, "cancel", cancel_and_let_write)
    with pytest.raises(RuntimeError, match="a mistake"):
        loading.run()
    assert len(submitted) == 3
    assert loading.tally.records == 200
    assert ids(database) == sound(200)


def stopped(database: Database[dict[str, Any]], source: Any) -> int:
    """Load until it fails, and return how many records were counted."""
    loading = Loading(source, database["posts"], batch=100)
    with pytest.raises(LoadError):
        loading.run()
    return loading.tally.records


def test_restart_ignores_the_stored_position(database):
    source = Stumbling(1000, 700, LoadError("cut short"))
    stopped(database, source)
    tally = Loading(source, database["posts"], restart=True).run()
    assert source.starts == [0, 0]
    assert tally.records == 1000
    assert tally.unchanged > 0


def test_changed_source_is_loaded_from_the_start(database):
    source = Stumbling(1000, 700, LoadError("cut short"))
    stopped(database, source)
    source.identity = Identity("stumbling", "2")
    Loading(source, database["posts"]).run()
    assert source.starts == [0, 0]
    assert database[COLLECTION].count_documents({}) == 0


def test_position_is_forgotten_if_the_store_was_emptied(database):
    source = Stumbling(1000, 700, LoadError("cut short"))
    stopped(database, source)
    database["posts"].delete_many({})
    Loading(source, database["posts"]).run()
    assert source.starts == [0, 0]
    assert ids(database) == sound(1000)


def test_position_of_another_version_is_ignored(database):
    source = Stumbling(1000, 700, LoadError("cut short"))
    stopped(database, source)
    database[COLLECTION].update_one({}, {"$set": {"tally.strange": 1}})
    Loading(source, database["posts"]).run()
    assert source.starts == [0, 0]
    assert ids(database) == sound(1000)


def test_source_without_an_identity_stores_no_position(database):
    source = Stumbling(1000, 700, LoadError("cut short"))
    source.identity = None
    stopped(database, source)
    assert database[COLLECTION].count_documents({}) == 0
    Loading(source, database["posts"]).run()
    assert source.starts == [0, 0]
    assert ids(database) == sound(1000)


@pytest.mark.parametrize("limit", [1, 99, 100, 101, 250, 10_000])
def test_limit_is_the_number_of_stored_posts(limit, database):
    source = Stumbling(1000, -1, LoadError("never"))
    tally = Loading(source, database["posts"], batch=100, limit=limit).run()
    expected = min(limit, len(sound(1000)))
    assert tally.stored == expected == database["posts"].count_documents({})


def test_limit_includes_posts_of_an_interrupted_load(database):
    source = Stumbling(1000, 300, LoadError("cut short"))
    with pytest.raises(LoadError):
        Loading(source, database["posts"], batch=100, limit=500).run()
    tally = Loading(source, database["posts"], batch=100, limit=500).run()
    assert source.starts == [0, 300]
    assert tally.stored == 500 == database["posts"].count_documents({})


class Ready(Stumbling):
    """Prepared records, so that reading them is as quick as possible."""

    def __init__(self, made: list[Record]) -> None:
        super().__init__(len(made), -1, LoadError("never"))
        self._made = made

    def records(self, start: int) -> Iterator[Record]:
        yield from self._made[start:]


def test_last_record_of_an_id_wins_across_batches(database):
    groups, count = 60, 50
    made: list[Record] = []
    for group in range(groups):
        for title in ("Earlier", "Later"):
            for number in range(count):
                line = Submission(title, "Python", 1_400_000_000, id=f"a{group}b{number}").line()
                made.append(post_from_reddit(json.loads(line)))
    tally = Loading(Ready(made), database["posts"], batch=count).run()
    assert {post["title"] for post in database["posts"].find()} == {"Later"}
    assert (tally.new, tally.updated) == (groups * count, groups * count)


def test_changed_file_is_loaded_from_the_start(tmp_path, database):
    path = tmp_path / "posts.json"
    lines = [Submission(f"Stone {n}", "Python", 1_400_000_000 + n).line() for n in range(500)]
    path.write_text("[" + ",".join(lines) + ", oops]")
    with pytest.raises(LoadError):
        Loading(FileSource(path), database["posts"], batch=100).run()
    resumed = Loading(FileSource(path), database["posts"], batch=100)
    with pytest.raises(LoadError):
        resumed.run()
    assert resumed.resumed
    path.write_text(json.dumps([json.loads(line) for line in lines]))
    whole = Loading(FileSource(path), database["posts"], batch=100)
    tally = whole.run()
    assert not whole.resumed
    assert tally.unchanged == 500


def test_bundled_posts_are_loaded_into_an_empty_store_only(database):
    assert load_bundled(database["posts"], 300) == 300
    assert load_bundled(database["posts"], 300) == 0
    assert database["posts"].count_documents({}) == 300
    database["posts"].delete_many({})
    database["posts"].insert_one({"_id": "t3_own"})
    assert load_bundled(database["posts"], 300) == 0
    assert database["posts"].count_documents({}) == 1


def test_interrupted_load_of_bundled_posts_is_completed(database, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Stumbling, "identity", GeneratedSource(3000).identity)
        stopped(database, Stumbling(3000, 1500, LoadError("cut short")))
    assert load_bundled(database["posts"], 3000) > 0
    assert {post["_id"] for post in posts(3000, start=1500)} <= ids(database)
