"""Step 2 as it runs: its services, their processes, secrets and databases."""

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from pymongo import MongoClient
from pymongo.collection import Collection

from kit.tokens import SYNC, Issuer
from step2_services.sync.relations import RELATIONS, Relation
from tests.step2.scaling import Stage
from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.submission import Submission

Document = dict[str, Any]

SERVICES = ("hide", "images", "like", "members", "posts", "recommend", "search", "share", "sync", "tag")
ARRIVED_SECONDS = 60.0
"""Until all that was written has arrived: generous, as the machine may be busy."""

KINDS = {"tags": "tags", "likes": "liked", "hides": "hidden"}
"""The documents of an owner of marks, and their field."""


@dataclass(frozen=True)
class Parts:
    """The running step and its posts.

    `posts` are newest first, all with `word` and of one `topic`; `lonely` are less loved, most loved first,
    and of another topic; `pictured` has a picture. `services_at_start` is the services file after the start.
    """

    stage: Stage
    admin: MongoClient[Document]
    word: str
    topic: str
    posts: list[Submission]
    lonely: list[Submission]
    pictured: Submission
    secrets: dict[str, str] = field(repr=False)
    services_at_start: Document

    @property
    def face(self) -> str:
        """Return the address of the web face."""
        return self.stage.running.url

    def url(self, service: str) -> str:
        """Return the address of the first instance of the version with the largest share."""
        versions = self.stage.services()[service]
        found: str = versions[max(versions, key=lambda each: versions[each]["share"])]["urls"][0]
        return found

    def collection(self, service: str, name: str) -> Collection[Document]:
        """Return a service's collection, with all permissions."""
        return self.admin[f"step2_{service}"][name]

    def processes(self, service: str) -> list[psutil.Process]:
        """Return the processes of a service's instances, each before its own children."""
        urls = {url for described in self.stage.services()[service].values() for url in described["urls"]}
        found: list[psutil.Process] = []
        for url, pid in self.stage.pids().items():
            if url in urls:
                with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                    master = psutil.Process(pid)
                    found += [master, *master.children(recursive=True)]
        return found

    def sync_token(self) -> str:
        """Return a token that identifies sync to the services."""
        key = self.secrets["sync key of step 2"]
        return Issuer(key, SYNC, timedelta(minutes=5)).issue("sync").token

    def new_member(self) -> Reader:
        """Return a new member with a client of the face."""
        members = Client(self.url("members"))
        name = new_name()
        expect(members.post("/members", json={"_id": name, "password": PASSWORD}), 201)
        made = expect(members.post("/tokens", json={"username": name, "password": PASSWORD}), 201)
        return Reader(self.face, name, made.json()["token"])

    def reader_at(self, service: str, reader: Reader) -> Reader:
        """Return the same reader with a client of a service."""
        return Reader(self.url(service), reader.username, reader.token)

    def relations(self) -> dict[str, Document]:
        """Return sync's report of its relations, by their names."""
        return {each["_id"]: each for each in Client(self.url("sync")).all_items("/relations")}

    def await_arrival(self) -> None:
        """Wait until all copies contain every write up to now."""
        now = datetime.now(UTC)

        def check() -> None:
            found = self.relations()
            assert set(found) == {relation.name for relation in RELATIONS}
            late = {
                name: (each["state"], each["problem"], each["reaches"])
                for name, each in found.items()
                if each["state"] != "follows" or datetime.fromisoformat(each["reaches"]) < now
            }
            assert not late

        eventually(check, ARRIVED_SECONDS)

    def await_copies(self, service: str = "") -> None:
        """Wait until the copies of one taker, or all, are equal to the owners' documents."""
        self.await_arrival()
        eventually(lambda: self.check_copies(service), ARRIVED_SECONDS)

    def check_copies(self, service: str = "") -> None:
        """Check that the copies of one taker, or all, are equal to the owners' documents."""
        for relation in RELATIONS:
            if service in ("", relation.taker):
                owned, copied = self.owned(relation), self.copied(relation)
                differing = [key for key in owned.keys() | copied.keys() if owned.get(key) != copied.get(key)]
                assert not differing, f"{relation.name}: {len(differing)} differ, such as {differing[:3]}"

    def owned(self, relation: Relation) -> dict[str, Document]:
        """Return an owner's documents for a taker, by their ids."""
        return _shown(self.collection(relation.owner, _source(relation.what)), relation)

    def copied(self, relation: Relation) -> dict[str, Document]:
        """Return the taker's copies, by their ids."""
        return _shown(self.collection(relation.taker, _source(relation.what)), relation)


def _source(what: str) -> str:
    return {"posts": "posts", "revocations": "revoked"}.get(what, "marks")


def _shown(collection: Collection[Document], relation: Relation) -> dict[str, Document]:
    kind = KINDS.get(relation.what)
    wanted = {kind: {"$exists": True}} if kind else {}
    return {each.pop("_id"): each for each in collection.find(wanted, dict.fromkeys(relation.fields, 1))}


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    """Suspend processes inside the block."""
    for each in processes:
        os.kill(each.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in reversed(processes):  # children first, so that their parents do not notice it late
            os.kill(each.pid, signal.SIGCONT)
