"""A load while MongoDB is killed and comes back, hands over, or stays away: nothing is lost or doubled."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from tests.support.eventually import eventually
from workshop.load import patience
from workshop.load.checkpoint import COLLECTION
from workshop.load.generate import GeneratedSource, posts
from workshop.load.loading import Loading
from workshop.load.problems import LoadError
from workshop.load.progress import Quiet
from workshop.load.tally import Tally
from workshop.ports import free_port
from workshop.stores.mongod import find_mongod

COUNT = 8000
TIMES_OUT_MS = 1000


class Server:
    """A mongod of the test's own, a replica set of one, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.client: MongoClient[dict[str, Any]] = MongoClient(
            "127.0.0.1",
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=TIMES_OUT_MS,
            tz_aware=True,
        )

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

        eventually(initiated, 60)
        eventually(self.is_primary, 60)

    def is_primary(self) -> None:
        try:
            assert self.client.admin.command("hello")["isWritablePrimary"]
        except PyMongoError as problem:
            raise AssertionError(str(problem)) from None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(30)

    def step_down(self) -> None:
        self.client.admin.command({"replSetStepDown": 2, "force": True})


class Notes(Quiet):
    """Keeps what people are told."""

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
    found = server.client["loads"].get_collection("posts", write_concern=WriteConcern(w="majority", j=True))
    # Slows the load down enough for things to happen meanwhile, and is what the monolith has.
    found.create_index([("title", "text"), ("text", "text")])
    return found


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def reaches(collection: Collection[dict[str, Any]], count: int, load: Future[Tally]) -> None:
    def reached() -> None:
        try:
            assert collection.estimated_document_count() >= count
        except PyMongoError as problem:
            raise AssertionError(str(problem)) from None

    eventually(reached, 60)
    assert not load.done()


def assert_complete(collection: Collection[dict[str, Any]]) -> None:
    stored = {post["_id"]: post for post in collection.find({}, {"_created": 0, "_updated": 0})}
    assert stored == {post["_id"]: post for post in posts(COUNT)}


def test_a_server_that_is_killed_and_comes_back(server, collection, thread):
    notes = Notes()
    load = thread.submit(Loading(GeneratedSource(COUNT), collection, batch=200, watch=notes).run)
    for count in (1000, 3500):
        reaches(collection, count, load)
        server.kill()
        server.start()
    tally = load.result(120)
    assert_complete(collection)
    assert (tally.new, tally.updated, tally.unchanged, tally.bad) == (COUNT, 0, 0, 0)
    assert "MongoDB does not answer; trying again …" in notes.notes


def test_a_primary_that_hands_over(server, collection, thread):
    load = thread.submit(Loading(GeneratedSource(COUNT), collection, batch=200).run)
    reaches(collection, 1000, load)
    server.step_down()
    tally = load.result(120)
    assert_complete(collection)
    assert (tally.new, tally.updated, tally.unchanged, tally.bad) == (COUNT, 0, 0, 0)


def test_a_server_that_stays_away_ends_the_load_which_then_goes_on(server, collection, thread, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 3.0)
    loading = Loading(GeneratedSource(COUNT), collection, batch=200)
    load = thread.submit(loading.run)

    progress = collection.database.get_collection(COLLECTION, read_concern=ReadConcern("majority"))

    def saved() -> None:
        assert progress.count_documents({}) == 1

    eventually(saved, 60)
    server.kill()
    with pytest.raises(
        LoadError, match=r"MongoDB has not answered for \d+ s: .* the same command then goes on"
    ):
        load.result(60)
    assert 0 < loading.tally.new < COUNT
    server.start()
    eventually(server.is_primary, 60)
    again = Loading(GeneratedSource(COUNT), collection, batch=200)
    again.run()
    assert again.resumed
    assert_complete(collection)
    assert collection.database[COLLECTION].count_documents({}) == 0
