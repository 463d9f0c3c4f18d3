"""The arithmetic: from readers to requests, and from requests to processes, cores, memory and disk.

All figures of a step come from one run of `make compare`. It measured small systems on one machine, so the
results say what to begin with and what saturates first; only a measurement says what a large system carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

DAY_SECONDS = 86_400
STEPS = ("0", "1", "2", "3")
WRITES = ("tag", "like")
NOT_NEEDED = {"supervisor", "mailbox"}
"""Programs of the workshop, which a platform and a mail server take the place of."""

STORES = ("mongod", "nats-server")
ALONE = {"sync", "capture"}
"""Services of which one instance does all the work at a time."""

COPIES = 3
"""Nodes of a replica set and of a cluster: each stores everything."""

Figures = Mapping[str, Any]
"""What `make compare` writes to figures.json."""


@dataclass(frozen=True)
class Demand:
    """Readers who visit on one day, the requests of each, the share of requests by signed-in readers (one
    that the comparison measured, in percent), how many times the mean the busiest minute is, and the posts
    and the marks that are stored.
    """

    readers: int
    requests: float
    signed_in: int
    peak: float
    posts: int
    marks: int

    @property
    def rate(self) -> float:
        """Requests a second at the peak."""
        return self.readers * self.requests / DAY_SECONDS * self.peak


@dataclass(frozen=True)
class Need:
    """What a program of a step needs at the peak: cores, the processes that share them, and bytes of memory.
    `limit` says what ends its growth, empty if more processes help.
    """

    program: str
    cores: float
    processes: int
    memory: float
    limit: str


@dataclass(frozen=True)
class Size:
    """What a step needs. `utilisation` is the share of a core at which it still kept the objective; `writes`
    and `events` are a second, at the peak; `disk` is bytes by store, of one node.
    """

    step: str
    rate: float
    utilisation: float
    needs: list[Need]
    writes: float
    events: float
    disk: dict[str, float]

    @property
    def cores(self) -> float:
        """Cores of all programs."""
        return sum(each.cores for each in self.needs)

    @property
    def memory(self) -> float:
        """Bytes of all processes."""
        return sum(each.memory for each in self.needs)


def size_of(step: str, figures: Figures, demand: Demand) -> Size | None:
    """Return what a step needs, or None if the run did not measure it with this share of readers."""
    share = str(demand.signed_in)
    try:
        programs = figures["cpu_by_program"][share][step]
        capacity = figures["capacity"][share][step]["value"]["middle"]
        memory = figures["memory_by_program"][step]
        cores_measured = figures["about"]["system_cores"]
    except KeyError:
        return None
    used = {name: microseconds for name, microseconds in programs.items() if name not in NOT_NEEDED}
    utilisation = min(1.0, capacity * sum(used.values()) / 1e6 / cores_measured)
    if utilisation == 0:
        return None
    writes = demand.rate * _share_of_writes(figures)
    needs = [
        _need(name, demand.rate * cpu / 1e6 / utilisation, memory.get(name, 0.0))
        for name, cpu in used.items()
    ]
    return Size(
        step=step,
        rate=demand.rate,
        utilisation=utilisation,
        needs=sorted(needs, key=lambda each: -each.cores),
        writes=writes,
        events=writes if "nats-server" in used else 0.0,
        disk=_disk(step, figures, demand),
    )


def _need(program: str, cores: float, memory: float) -> Need:
    """Return what a program needs. A process of ours uses one core, a server of a store all that it finds."""
    if program in STORES:
        limit = "one primary takes all writes" if program == "mongod" else "one leader for each stream"
        return Need(program, cores, COPIES, COPIES * memory, limit)
    if program in ALONE:
        return Need(program, cores, 2, 2 * memory, "one instance does all the work")
    processes = max(2, ceil(cores))
    return Need(program, cores, processes, processes * memory, "")


def _share_of_writes(figures: Figures) -> float:
    mix = figures["about"]["mix"]
    return float(sum(mix.get(verb, 0.0) for verb in WRITES) / sum(mix.values()))


def _disk(step: str, figures: Figures, demand: Demand) -> dict[str, float]:
    found = next((each for each in figures.get("storage", ()) if each["arm"] == step), None)
    if found is None:
        return {}
    posts, marks = found["post_bytes"], found["mark_bytes"]
    return {
        store: posts.get(store, 0.0) * demand.posts + marks.get(store, 0.0) * demand.marks
        for store in STORES
        if store in posts or store in marks
    }
