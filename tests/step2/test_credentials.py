"""Only a service's own process holds the credentials of its store, and they are valid for no other store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from tests.step2.running_parts import SERVICES, Parts

UNAUTHORIZED = 13
KEYS = {
    "members": {"token key of step 2", "face secret of step 2"},
    "sync": {"sync key of step 2", "operator secret of step 2", "replication secret of step 2"},
    "face": {"secret key of step 2", "face secret of step 2", "replication secret of step 2"},
}
"""Secrets besides a service's own credentials."""

NAMES = (
    *("MONGODB_URI", "TOKEN_KEY", "SYNC_KEY", "OPERATOR_SECRET", "REPLICATION_SECRET", "FACE_SECRET"),
    "SECRET_KEY",
)
NAMED = {
    "members": {"TOKEN_KEY", "FACE_SECRET"},
    "sync": {"SYNC_KEY", "OPERATOR_SECRET", "REPLICATION_SECRET"},
    "face": {"SECRET_KEY", "FACE_SECRET", "REPLICATION_SECRET"},
}
Document = dict[str, Any]


def processes(parts: Parts, name: str) -> list[psutil.Process]:
    """Return all processes of a service, or of the face."""
    if name != "face":
        return parts.processes(name)
    (face,) = [
        each
        for each in parts.stage.run().children()
        if any("web.app:make_app" in part for part in each.cmdline())
    ]
    return [face, *face.children(recursive=True)]


def environments(parts: Parts, name: str) -> list[dict[str, str]]:
    """Return the environments of a service's processes."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("only Linux shows what a process was given")
    found = [each.environ() for each in processes(parts, name)]
    assert len(found) >= (2 if name == "face" else 1), "the face has workers, too"
    return found


@pytest.mark.parametrize("name", [*SERVICES, "face"])
def test_each_process_holds_its_own_secrets_only(parts: Parts, name: str) -> None:
    own = {f"mongo user step2_{name}"} - {"mongo user step2_face"}
    for environment in environments(parts, name):
        found = "\n".join(environment.values())
        holds = {known for known, value in parts.secrets.items() if value in found}
        assert holds == own | KEYS.get(name, set())
        held = {each for each in NAMES if each in environment}
        assert held == NAMED.get(name, set()) | ({"MONGODB_URI"} if own else set())


@pytest.fixture(scope="module")
def clients(parts: Parts) -> Iterator[Callable[[str], MongoClient[Document]]]:
    """Clients with the credentials of services' processes. It takes a while to find one and to sign in."""
    with ExitStack() as stack:

        @cache
        def client_of(name: str) -> MongoClient[Document]:
            uri = environments(parts, name)[0]["MONGODB_URI"]
            return stack.enter_context(MongoClient[Document](uri, serverSelectionTimeoutMS=5000))

        yield client_of


@pytest.fixture
def credentials(clients: Callable[[str], MongoClient[Document]], name: str) -> MongoClient[Document]:
    """A client with the credentials of a service's process."""
    return clients(name)


@pytest.mark.parametrize("name", SERVICES)
def test_credentials_are_valid_for_the_own_database(credentials: MongoClient[Document], name: str) -> None:
    assert credentials.get_default_database().name == f"step2_{name}"
    credentials[f"step2_{name}"].tests.insert_one({"_id": 1})
    assert credentials[f"step2_{name}"].tests.find_one() == {"_id": 1}
    credentials[f"step2_{name}"].tests.drop()


def attempts(own: Database[Document], other: Database[Document]) -> list[Callable[[], object]]:
    """Yield ways to read and to write another database."""
    return [
        other.marks.find_one,
        other.posts.watch,
        other.list_collection_names,
        lambda: other.posts.insert_one({"_id": "t3_intruder"}),
        lambda: other.posts.update_many({}, {"$set": {"title": "changed"}}),
        lambda: other.posts.delete_many({}),
        lambda: other.posts.create_index("title"),
        lambda: other.command("dropDatabase"),
        lambda: other.command("usersInfo", 1),
        lambda: own.tests.aggregate([{"$out": {"db": other.name, "coll": "posts"}}]),
    ]


def expect_unauthorized(attempt: Callable[[], object]) -> None:
    with pytest.raises(OperationFailure) as raised:
        attempt()
    assert raised.value.code == UNAUTHORIZED, raised.value


@pytest.mark.parametrize("name", SERVICES)
def test_credentials_are_refused_at_other_databases(
    parts: Parts, credentials: MongoClient[Document], name: str
) -> None:
    own = credentials[f"step2_{name}"]
    others = [f"step2_{other}" for other in SERVICES if other != name]
    assert set(others) < set(parts.admin.list_database_names())
    assert set(credentials.list_database_names()) <= {own.name}
    for other in others:
        for attempt in attempts(own, credentials[other]):
            expect_unauthorized(attempt)


@pytest.mark.parametrize("name", SERVICES)
def test_credentials_are_refused_at_the_admin_database(credentials: MongoClient[Document], name: str) -> None:
    own = credentials[f"step2_{name}"]
    account = {"pwd": "x" * 10, "roles": [{"role": "root", "db": "admin"}]}
    for attempt in (
        credentials.local["oplog.rs"].find_one,
        credentials.admin["system.users"].find_one,
        credentials.config["settings"].find_one,
        lambda: own.command("createUser", "intruder", **account),
        lambda: own.command("grantRolesToUser", own.name, roles=account["roles"]),
    ):
        expect_unauthorized(attempt)
