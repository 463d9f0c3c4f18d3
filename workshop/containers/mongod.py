"""MongoDB in containers: one server, or the members of a replica set."""

import os
import time
from collections.abc import Sequence
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from workshop import signals
from workshop.containers.parts import MONGO, MONGO_PORT
from workshop.stores.mongod import AUTHENTICATION_FAILED, Mongod
from workshop.stores.server import START_SECONDS, ServerFailed, SharedServer

MEMBERS = "MONGO_MEMBERS"
"""The variable with the addresses of several members, with commas between them."""

LOCAL = "127.0.0.1"
POLL_SECONDS = 0.5


class ContainerMongod(Mongod):
    """The MongoDB in a container. Other containers know it by its name."""

    def __init__(self, port: int = MONGO_PORT) -> None:
        SharedServer.__init__(self, LOCAL, port)

    @property
    def addresses(self) -> list[str]:
        return [f"{MONGO}:{MONGO_PORT}"]


class ReplicaSet(ContainerMongod):
    """The members of a replica set, each in a container. `provision` waits until they are one."""

    def __init__(self, addresses: Sequence[str]) -> None:
        super().__init__(int(addresses[0].rpartition(":")[2]))
        self._addresses = [*addresses]

    @property
    def addresses(self) -> list[str]:
        return self._addresses

    def is_responding(self) -> bool:
        """Return whether there is a primary that knows the administrator."""
        try:
            with self.admin() as admin:
                admin.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def provision(self) -> None:
        """Wait until there is a primary that knows the administrator. Raises ServerFailed."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_responding():
            if time.monotonic() > deadline:
                raise ServerFailed(f"There is no primary among {', '.join(self.addresses)}.")
            signals.check()
            time.sleep(POLL_SECONDS)

    def admin(self) -> MongoClient[dict[str, Any]]:
        """Return a client without restrictions, of the primary."""
        return MongoClient(self.admin_uri(), serverSelectionTimeoutMS=5000, tz_aware=True)

    def initiate(self) -> None:
        """Make the members one set, as the first of them on its own machine, unless it belongs to one
        already. Others may start later: it tries again until it succeeds.
        """
        while not self._knows_administrator():
            try:
                self.initialise()
            except (PyMongoError, ServerFailed) as error:
                print(f"Not yet a replica set: {error}", flush=True)
                signals.check()
                time.sleep(POLL_SECONDS)

    def _knows_administrator(self) -> bool:
        try:
            with super().admin() as here:
                here.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return False
        except PyMongoError:
            return False
        return True


def mongod_in_containers() -> ContainerMongod:
    """Return the one that MONGO_MEMBERS names, by default the only one."""
    members = os.environ.get(MEMBERS)
    return ReplicaSet(members.split(",")) if members else ContainerMongod()
