"""A load while MongoDB is killed and restarted, steps down, or stays away: nothing is lost or doubled."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from held_post import LIMIT, LONGEST_SECONDS, await_held, held_post
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from tests.support.eventually import eventually
from workshop.load import loading
from workshop.load.generate import GeneratedSource, posts
from workshop.load.loading import Loading
from workshop.load.problems import LoadError
from workshop.load.progress import NoProgress
from workshop.load.source import Record
from workshop.load.writing import retry
from workshop.load.writing.checkpoint import COLLECTION
from workshop.ports import free_port
from workshop.stores.mongod import find_mongod

pytestmark = pytest.mark.drill

COUNT = 3000
GENERATED = list(posts(COUNT))
TIMES_OUT_MS = 1000
SECONDS = 120.0


class Server:
    """A mongod of the test's own, a replica set of one member, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.client = self._client()

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(
                        find_mongod(),
                        "--dbpath",
                        self._folder,
                        "--bind_ip",
                        "127.0.0.1",
                        "--port",
                        str(self.port),
                    ),
                    *("--replSet", "rs0", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"),
                    *("--oplogSize", "200"),
                    *("--setParameter", f"{LIMIT}={LONGEST_SECONDS}"),
                ],
                stdout=log,
                stderr=log,
            )

    def initiate(self) -> None:
        def initiated() -> None:
            try:
                member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                self.client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
            except PyMongoError as problem:
                raise AssertionError(str(problem)) from None

        eventually(initiated, SECONDS)
        eventually(self.is_primary, SECONDS)
        # A client that knew it before would regard it as a server without sessions.
        self.client.close()
        self.client = self._client()

    def is_primary(self) -> None:
        try:
            assert self.client.admin.command("hello")["isWritablePrimary"]
        except PyMongoError as problem:
            raise AssertionError(str(problem)) from None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(60)

    def step_down(self) -> None:
        self.client.admin.command({"replSetStepDown": 2, "force": True})

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(
            "127.0.0.1",
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=TIMES_OUT_MS,
            tz_aware=True,
        )


class Waiting(GeneratedSource):
    """Generated posts that pause at one of them until the test lets them continue."""

    def __init__(self, count: int, at: int) -> None:
        super().__init__(count)
        self._at = at
        self.waits, self.may_go_on = Event(), Event()

    def records(self, start: int) -> Iterator[Record]:
        for post in super().records(start):
            if self.position > self._at:
                self.waits.set()
                assert self.may_go_on.wait(SECONDS)
            yield post


class Notes(NoProgress):
    """Records the messages for people."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    try:
        made.initiate()
        yield made
    finally:
        made.client.close()
        made.kill()


@pytest.fixture
def collection(server: Server) -> Collection[dict[str, Any]]:
    return server.client["loads"].create_collection("posts", write_concern=WriteConcern(w="majority", j=True))


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def assert_complete(collection: Collection[dict[str, Any]]) -> None:
    stored = {post["_id"]: post for post in collection.find({}, {"_created": 0, "_updated": 0})}
    assert stored == {post["_id"]: post for post in GENERATED}


def expect_reported(notes: Notes) -> None:
    """Wait until the outage is reported, before the server is back: the driver hides a short outage."""
    assert "MongoDB does not respond; trying again …" in notes.notes


def test_load_continues_after_the_server_is_killed_and_restarted(server, collection, thread, monkeypatch):
    monkeypatch.setattr(retry, "TIMEOUT_SECONDS", SECONDS)
    notes = Notes()
    source = Waiting(COUNT, at=2000)
    with held_post(collection, GENERATED[1100]["_id"]):
        load = thread.submit(Loading(source, collection, batch=200, progress=notes).run)
        await_held(collection)
        server.kill()  # the transaction ends with it
        server.start()
        assert source.waits.wait(SECONDS)
    eventually(server.is_primary, SECONDS)
    with held_post(collection, GENERATED[2300]["_id"]):
        source.may_go_on.set()
        await_held(collection)
        server.kill()
        eventually(lambda: expect_reported(notes), SECONDS)
        server.start()
        tally = load.result(SECONDS)
    assert_complete(collection)
    assert (tally.new, tally.updated, tally.unchanged, tally.bad) == (COUNT, 0, 0, 0)


def test_load_continues_after_the_primary_steps_down(server, collection, thread, monkeypatch):
    monkeypatch.setattr(retry, "TIMEOUT_SECONDS", SECONDS)
    with held_post(collection, GENERATED[1100]["_id"]):
        load = thread.submit(Loading(GeneratedSource(COUNT), collection, batch=200).run)
        await_held(collection)
        server.step_down()
        tally = load.result(SECONDS)
    assert_complete(collection)
    assert (tally.new, tally.updated, tally.unchanged, tally.bad) == (COUNT, 0, 0, 0)


def test_load_ends_if_the_server_stays_away_and_can_be_continued(server, collection, thread, monkeypatch):
    monkeypatch.setattr(retry, "TIMEOUT_SECONDS", 3.0)
    monkeypatch.setattr(loading, "_SAVE_EVERY", 0.0)
    progress = collection.database.get_collection(COLLECTION, read_concern=ReadConcern("majority"))

    def saved() -> None:
        assert progress.count_documents({}) == 1

    first = Loading(GeneratedSource(COUNT), collection, batch=200)
    with held_post(collection, GENERATED[1100]["_id"]):
        load = thread.submit(first.run)
        await_held(collection)
        eventually(saved, SECONDS)
        server.kill()
        with pytest.raises(
            LoadError, match=r"MongoDB has not responded for \d+ s: .* Then the same command goes on"
        ):
            load.result(SECONDS)
    assert 0 < first.tally.new < COUNT
    server.start()
    eventually(server.is_primary, SECONDS)
    again = Loading(GeneratedSource(COUNT), collection, batch=200)
    again.run()
    assert again.resumed
    assert_complete(collection)
    assert collection.database[COLLECTION].count_documents({}) == 0
