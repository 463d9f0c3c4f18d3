"""Three real mongod in a replica set, as on three machines."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.eventually import eventually
from workshop.ports import free_port
from workshop.stores.mongod import find_mongod

HOST = "127.0.0.1"
SIZE = 3
NAME = "rs0"
ELECTION_MS = 2000
"""From the last sign of a primary to the election of another. MongoDB's own default is 10 s."""

START_SECONDS = 120.0


class Member:
    """A member of the set, which stores its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Start it. It may not respond yet."""
        self._folder.mkdir(exist_ok=True)
        command = [
            *(str(find_mongod()), "--replSet", NAME, "--bind_ip", HOST, "--port", str(self.port)),
            *("--dbpath", str(self._folder), "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]
        with (self._folder / "mongod.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it with kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(HOST, self.port, directConnection=True, serverSelectionTimeoutMS=2000)


class ReplicaSet:
    """The members of a set that was initiated."""

    def __init__(self, folder: Path) -> None:
        self.members = [Member(folder / f"m{number}") for number in range(SIZE)]

    @property
    def uri(self) -> str:
        """The address of the set, with a database that nobody uses."""
        return f"mongodb://{','.join(each.address for each in self.members)}/test?replicaSet={NAME}"

    def initiate(self) -> None:
        """Make the running members a set."""
        members = [{"_id": number, "host": each.address} for number, each in enumerate(self.members)]
        settings = {"electionTimeoutMillis": ELECTION_MS}

        def ask() -> None:
            try:
                with self.members[0].client() as client:
                    client.admin.command(
                        "replSetInitiate", {"_id": NAME, "members": members, "settings": settings}
                    )
            except PyMongoError as error:
                raise AssertionError(str(error)) from error

        eventually(ask, START_SECONDS)
        self.whole()

    def whole(self) -> Member:
        """Wait until all members are up and those that follow have all that the primary has. Return the
        primary.
        """

        def check() -> Member:
            states = {}
            with (
                contextlib.suppress(PyMongoError),
                MongoClient[dict[str, Any]](self.uri, serverSelectionTimeoutMS=2000) as client,
            ):
                states = {each["name"]: each for each in client.admin.command("replSetGetStatus")["members"]}
            names = sorted(each["stateStr"] for each in states.values())
            assert names == ["PRIMARY", "SECONDARY", "SECONDARY"], names
            primary = next(each for each in states.values() if each["stateStr"] == "PRIMARY")
            behind = [
                (primary["optimeDate"] - each["optimeDate"]).total_seconds() for each in states.values()
            ]
            assert max(behind) <= 1, behind
            return next(each for each in self.members if each.address == primary["name"])

        return eventually(check, START_SECONDS)


@contextmanager
def replica_set(folder: Path) -> Iterator[ReplicaSet]:
    """Yield a running set that stores its data in `folder`."""
    made = ReplicaSet(folder)
    with ExitStack() as stack:
        for each in made.members:
            each.start()
            stack.callback(each.kill)
        made.initiate()
        yield made
    shutil.rmtree(folder, ignore_errors=True)
