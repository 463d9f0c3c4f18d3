"""The files of a running step with services, in the state folder.

`services<n>.json` has the endpoints of the instances, for their clients. `wanted<n>.json` has the desired
state: the commands write it, and the run makes it so. `instances<n>.json` has the status of the instances:
the run writes it, and the commands read it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from workshop import state
from workshop.run.lock import require_running

AllEndpoints = dict[str, dict[str, "Endpoints"]]
"""By service and version."""

DesiredState = dict[str, dict[str, "DesiredVersion"]]
"""By service and version."""


@dataclass
class DesiredVersion:
    """The share of the requests that a version should get, and the numbers of its instances, the oldest
    first.
    """

    share: int
    numbers: list[int]

    def add(self) -> int:
        """Add an instance. Return its number, the lowest that is free."""
        number = next(each for each in count(1) if each not in self.numbers)
        self.numbers.append(number)
        return number


@dataclass
class Endpoints:
    """The share of a version, the addresses of its instances that are ready, and of those that still fill
    their stores.
    """

    share: int
    urls: list[str]
    filling: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class InstanceStatus:
    """An instance and its state: `up` if clients know it and it runs, else `starting`, `filling` (it responds
    but is not ready), `restarting` or `stopping`.
    """

    name: str
    service: str
    version: str
    url: str
    pid: int | None
    state: str


def endpoints_file(step: int) -> Path:
    """Return the file in which clients look instances up."""
    return state.folder() / f"services{step}.json"


def write_endpoints(step: int, endpoints: AllEndpoints) -> None:
    """Publish the endpoints for clients."""
    state.write_private(endpoints_file(step), json.dumps(_plain(endpoints), indent=1))


def read_endpoints(step: int) -> AllEndpoints:
    """Return the endpoints that clients see."""
    content = json.loads(endpoints_file(step).read_text())
    return {
        name: {version: Endpoints(**each) for version, each in versions.items()}
        for name, versions in content.items()
    }


def write_desired(step: int, desired: DesiredState) -> None:
    """Store the desired state."""
    state.write_private(_desired_file(step), json.dumps(_plain(desired), indent=1))


def read_desired(step: int) -> DesiredState:
    """Return the desired state."""
    content = json.loads(_desired_file(step).read_text())
    return {
        name: {version: DesiredVersion(**each) for version, each in versions.items()}
        for name, versions in content.items()
    }


@contextmanager
def changing(step: int) -> Iterator[DesiredState]:
    """Yield the desired state, and store what the block changes in it.

    Raises click.ClickException when the step does not run.
    """
    with state.locked(f"wanted{step}"):
        require_running(step)
        desired = read_desired(step)
        yield desired
        write_desired(step, desired)


def write_instances(step: int, instances: list[InstanceStatus]) -> None:
    """Store the status of all instances."""
    state.write_private(_instances_file(step), json.dumps([asdict(each) for each in instances], indent=1))


def read_instances(step: int) -> list[InstanceStatus]:
    """Return the status of all instances."""
    return [InstanceStatus(**each) for each in json.loads(_instances_file(step).read_text())]


def _desired_file(step: int) -> Path:
    return state.folder() / f"wanted{step}.json"


def _instances_file(step: int) -> Path:
    return state.folder() / f"instances{step}.json"


def _plain(services: AllEndpoints | DesiredState) -> dict[str, Any]:
    return {
        name: {version: asdict(each) for version, each in versions.items()}
        for name, versions in services.items()
    }
