"""The files of a running step with services, in the state folder.

`services<n>.json` tells callers where instances are. `wanted<n>.json` is what the commands want: they write
it, and the run makes it so. `instances<n>.json` is what the run has, for the commands to read.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from workshop import state
from workshop.claims import require_run

Found = dict[str, dict[str, "Place"]]
Wanted = dict[str, dict[str, "Want"]]


@dataclass
class Want:
    """What is wanted of a version: its share, and its instances by their numbers, the oldest first."""

    share: int
    numbers: list[int]

    def add(self) -> int:
        """Want one instance more; its number, the least that is not in use."""
        number = next(each for each in count(1) if each not in self.numbers)
        self.numbers.append(number)
        return number


@dataclass
class Place:
    """What callers are told of a version: its share, where those of its instances are that are ready, and
    where those are whose stores are being filled.
    """

    share: int
    urls: list[str]
    filling: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Running:
    """An instance as it is: `up` if it is listed and runs, else `starting`, `filling` (it answers, but is not
    ready), `restarting` or `stopping`.
    """

    name: str
    service: str
    version: str
    url: str
    pid: int | None
    state: str


def services_file(step: int) -> Path:
    """Where callers find instances."""
    return state.folder() / f"services{step}.json"


def write_services(step: int, found: Found) -> None:
    """Tell callers."""
    state.write_private(services_file(step), json.dumps(_plain(found), indent=1))


def read_services_file(step: int) -> Found:
    """What callers are told."""
    told = json.loads(services_file(step).read_text())
    return {name: {version: Place(**each) for version, each in own.items()} for name, own in told.items()}


def write_wanted(step: int, wanted: Wanted) -> None:
    """Say what is wanted."""
    state.write_private(_wanted(step), json.dumps(_plain(wanted), indent=1))


def read_wanted(step: int) -> Wanted:
    """What is wanted."""
    told = json.loads(_wanted(step).read_text())
    return {name: {version: Want(**each) for version, each in own.items()} for name, own in told.items()}


@contextmanager
def changing(step: int) -> Iterator[Wanted]:
    """What is wanted, to change in the block. Raises click.ClickException when the step does not run."""
    with state.locked(f"wanted{step}"):
        require_run(step)
        wanted = read_wanted(step)
        yield wanted
        write_wanted(step, wanted)


def write_instances(step: int, instances: list[Running]) -> None:
    """Say what there is."""
    state.write_private(_instances(step), json.dumps([asdict(each) for each in instances], indent=1))


def read_instances(step: int) -> list[Running]:
    """What there is."""
    return [Running(**each) for each in json.loads(_instances(step).read_text())]


def _wanted(step: int) -> Path:
    return state.folder() / f"wanted{step}.json"


def _instances(step: int) -> Path:
    return state.folder() / f"instances{step}.json"


def _plain(services: Found | Wanted) -> dict[str, Any]:
    return {
        name: {version: asdict(each) for version, each in versions.items()}
        for name, versions in services.items()
    }
