"""A running step 2 as an operator sees it: commands, the services file, and processes."""

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.workshop_command import call

LIVE = "/health/live"
INSTANCE = re.compile(r"(http://\S+) +(\d+)")


class Stage:
    """The step and its state folder."""

    def __init__(self, running: RunningStep) -> None:
        self.running = running
        self.state = Path(running.environment["WORKSHOP_STATE"])

    def workshop(self, *arguments: str) -> str:
        """Return the output of a command, in a wide terminal."""
        return call([*arguments], {**self.running.environment, "COLUMNS": "200"})

    def services(self) -> Any:
        """Return the services file, as callers read it."""
        return json.loads((self.state / "services2.json").read_text())

    def urls(self, service: str, version: str = "v1") -> list[str]:
        """Return the addresses of instances, as callers read them."""
        found: list[str] = self.services()[service][version]["urls"]
        return found

    def shares(self, service: str) -> dict[str, int]:
        """Return the shares of versions, as callers read them."""
        return {version: described["share"] for version, described in self.services()[service].items()}

    def await_each_version(self) -> None:
        """Wait until each version has an instance. A step is ready once all versions with a share are; others
        may start later.
        """

        def check() -> None:
            versions = [described for own in self.services().values() for described in own.values()]
            assert [len(described["urls"]) for described in versions] == [1] * len(versions)

        eventually(check)

    def pids(self) -> dict[str, int]:
        """Return the processes by their addresses, from the table."""
        return {url: int(pid) for url, pid in INSTANCE.findall(self.workshop("services"))}

    def recorded_instances(self) -> Any:
        """Return the instances as the run records them for its commands."""
        return json.loads((self.state / "instances2.json").read_text())

    def run(self) -> psutil.Process:
        """Return the process of `workshop run`, which started the others."""
        parent = psutil.Process(next(iter(self.pids().values()))).parent()
        assert parent is not None
        return parent

    @property
    def mongod(self) -> int:
        """Return the process id of MongoDB."""
        found: int = json.loads((self.state / "mongod.pid.json").read_text())["pid"]
        return found


def is_live(url: str) -> bool:
    """Return whether an instance is live."""
    try:
        return Client(url).get(LIVE, timeout=30).ok
    except requests.RequestException:
        return False


class Caller(threading.Thread):
    """Sends requests to instances of a service, by the services file, until `stop`."""

    def __init__(self, stage: Stage, service: str) -> None:
        super().__init__(daemon=True)
        self.responses: Counter[int | str] = Counter()
        self.called: set[str] = set()
        self._stage, self._service = stage, service
        self._stop_requested = threading.Event()

    def run(self) -> None:
        while not self._stop_requested.wait(0.005):
            url = random.choice(self._stage.urls(self._service))
            self.called.add(url)
            try:
                self.responses[requests.get(url + LIVE, timeout=30).status_code] += 1
            except requests.RequestException as error:
                self.responses[type(error).__name__] += 1

    def stop(self) -> None:
        """Stop after the current request."""
        self._stop_requested.set()
        self.join()


@contextmanager
def calling(stage: Stage, service: str) -> Iterator[Caller]:
    """Call a service continuously inside the block."""
    caller = Caller(stage, service)
    caller.start()
    try:
        yield caller
    finally:
        caller.stop()
