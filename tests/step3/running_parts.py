"""Step 3 as it runs: its instances, their processes, their databases."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient
from pymongo.collection import Collection

from tests.support.client import Client, Reader, new_reader
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.submission import Submission
from tests.support.workshop_command import call

Document = dict[str, Any]

AGGREGATES = ("hide", "like", "members", "posts", "share", "tag")
VIEWS = ("images", "list", "recommend", "search", "tagged")
SERVICES = (*AGGREGATES, *VIEWS, "capture", "gateway", "web")

ARRIVED_SECONDS = 60.0
"""Until all that was written has arrived: generous, as the machine may be busy."""


class Stage:
    """The running step, as its operator sees it."""

    def __init__(self, running: RunningStep) -> None:
        self.running = running
        self.state = Path(running.environment["WORKSHOP_STATE"])

    def workshop(self, *arguments: str) -> str:
        """Return the output of a command, in a wide terminal."""
        command, *rest = arguments
        environment = {**self.running.environment, "COLUMNS": "250"}
        return call([command, "--step", "3", *rest], environment)

    def secret(self, name: str) -> str:
        """Return a secret of the run by its name."""
        return self.running.secrets[name]

    def registry(self) -> dict[str, Document]:
        """Return the instances by name, from the gateway's registry."""
        content = Client(self.running.url).json("/registry")
        return {each["instance"]: each for each in content["instances"]}

    def instances(self, service: str) -> list[str]:
        """Return the names of a service's instances that are up."""
        return [
            name
            for name, described in self.registry().items()
            if described["service"] == service and described["state"] == "up"
        ]

    def processes(self, service: str) -> list[psutil.Process]:
        """Return the processes of a service."""
        found: list[psutil.Process] = []
        for described in self.registry().values():
            if described["service"] == service:
                with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                    found.append(psutil.Process(described["pid"]))
        return found

    def masters(self) -> dict[str, int]:
        """Return the process that the run started for each instance, by the instance's name."""
        content = json.loads((self.state / "instances3.json").read_text())
        return {each["name"]: each["pid"] for each in content}


@dataclass(frozen=True)
class Parts:
    """The running step. `posts` are newest first, with `word` and one `topic`; `pictured` has a picture."""

    stage: Stage
    admin: MongoClient[Document]
    word: str
    topic: str
    posts: list[Submission]
    pictured: Submission

    @property
    def face(self) -> str:
        """Return the address of the face."""
        return self.stage.running.url

    def collection(self, service: str, name: str) -> Collection[Document]:
        """Return a service's collection, with all permissions."""
        return self.admin[f"step3_{service}"][name]

    def new_member(self) -> Reader:
        """Return a new member with a client of the face."""
        return new_reader(self.face)

    def await_posts(self) -> None:
        """Wait until every service that stores posts has them all."""
        wanted = {each.post_id for each in (*self.posts, self.pictured)}

        def check() -> None:
            for service in ("list", "search", "recommend", "tagged", "tag", "like", "hide", "share"):
                there = {each["_id"] for each in self.collection(service, "posts").find({}, {"_id": 1})}
                assert wanted <= there, f"{service} lacks {len(wanted - there)} posts"

        eventually(check, ARRIVED_SECONDS)
