"""One hot verb: only search grows tenfold. What has to be added until the objective holds again?

With services, replicas of search. At steps 0 and 1 all of the program grows, by more of its worker processes,
as search is a part of it. Each replica, and each worker, has the same CPU quota, where quotas can be had.

What was added is the difference that it made: of all processes together, the cores that they used at the
higher rate, and their memory.
"""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import psutil

from workshop import signals
from workshop.compare.gains.lengths import STEPS, start_seconds
from workshop.compare.observations import HotVerb, Observation
from workshop.compare.probing.fleet import each_with_quota, replicas, scale, without_idle_versions
from workshop.compare.probing.parts import memory, parts
from workshop.compare.probing.probe import Request, p99_ms, probing
from workshop.compare.probing.verbs import WORDS, Scene, scene_of
from workshop.compare.system import quotas
from workshop.compare.system.arms import Running, running
from workshop.compare.system.cores import ALL
from workshop.steps import read_step
from workshop.testbed.process import NotMeasured
from workshop.testbed.usage import total_cpu_seconds

SERVICE = "search"
BASE = {"search": 5.0, "list": 1.5, "recommend": 0.75, "show": 0.5, "like": 0.25}
"""Requests a second of the mix that all arms keep at first, on two cores."""

GROWTH = 10.0
SLO_SECONDS, SLO_ERRORS = 0.1, 0.001
MOST = 8
"""Replicas, or workers of each program, at most."""

QUOTA = 0.2
WARM_UP_SECONDS, SECONDS = 2.0, 6.0
TRIALS, CHANGE_SECONDS = 4, 5.0
"""How many trials an arm takes, and a change of its size, about."""

WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Trial:
    """Whether the objective held, and what all processes used: cores, and bytes at the end."""

    holds: bool
    p99_ms: float
    cores: float
    memory: int


def seconds(quick: bool, arms: Sequence[str] = STEPS) -> float:
    """Return how long the experiment takes, about."""
    return start_seconds(arms) + len(arms) * TRIALS * (WARM_UP_SECONDS + SECONDS + CHANGE_SECONDS)


def hot_verb(
    arms: Sequence[str], record: Callable[[Observation], None], *, most: int = MOST, lasting: float = SECONDS
) -> None:
    """Measure each arm, started for this alone. Raises NotMeasured."""
    for arm in arms:
        with running(arm) as system:
            record(measure(system, most=most, lasting=lasting))


def measure(system: Running, *, most: int = MOST, lasting: float = SECONDS) -> HotVerb:
    """Measure a running arm. In the end it is as large as it has become. Raises NotMeasured."""
    system.use(ALL)
    scene = scene_of(system.url)
    units = Replicas(system) if read_step(system.step).services else Workers(system)
    first = units.number
    before = _trial(system, units, scene, BASE, lasting)
    hot = {**BASE, "search": BASE["search"] * GROWTH}
    tried: dict[int, Trial] = {}
    number, missed, least = first, first - 1, most
    while number not in tried:
        units.grow_to(number)
        tried[number] = _trial(system, units, scene, hot, lasting)
        if tried[number].holds:
            least = number
        else:
            missed = number
        # Twice as many until the objective holds, then the middle between those that miss it and keep it.
        number = (missed + least + 1) // 2 if least in tried else min(2 * number, least)
    size = least if least in tried else missed
    last = tried[size]
    return HotVerb(
        arm=system.arm,
        before=sum(BASE.values()),
        after=sum(hot.values()),
        added=f"{size - first} {units.name(size - first)}" if size > first else "nothing",
        added_cpu=last.cores - before.cores,
        added_bytes=last.memory - before.memory,
        holds=last.holds,
        note=_note(before, last, f"{size} {units.name(size)}"),
    )


def _note(before: Trial, last: Trial, size: str) -> str:
    found = [f"p99 {before.p99_ms:.0f} ms before and {last.p99_ms:.0f} ms after"]
    if not before.holds:
        found.append("the objective did not hold before either")
    if not last.holds:
        found.append(f"it does not hold with {size} on this machine")
    limit = f"{QUOTA:g} cores for each" if quotas.available() else "no CPU quotas"
    return "; ".join([*found, limit])


class Replicas:
    """The replicas of search."""

    def __init__(self, system: Running) -> None:
        self._step = system.step
        without_idle_versions(self._step, SERVICE)

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.processes())

    def name(self, number: int) -> str:
        """Return what so many of them are called."""
        return f"replica{'s' if number != 1 else ''} of {SERVICE}"

    def processes(self) -> list[psutil.Process]:
        """Return the processes that have a quota each."""
        return replicas(self._step, SERVICE)

    def grow_to(self, number: int) -> None:
        """Let there be so many."""
        if number != self.number:
            scale(self._step, f"{SERVICE}={number}")


class Workers:
    """The worker processes of a step without services: of each of its programs as many."""

    def __init__(self, system: Running) -> None:
        found = parts(system)
        self._masters = [each for name in ("web", "api") for each in found.get(name, [])]

    @property
    def number(self) -> int:
        """How many each program has."""
        return len(self.processes()) // len(self._masters)

    def name(self, number: int) -> str:
        """Return what so many of them are called."""
        where = "" if len(self._masters) == 1 else " of the face and of the API"
        return f"worker process{'es' if number != 1 else ''}{where}"

    def processes(self) -> list[psutil.Process]:
        """Return the processes that have a quota each."""
        return [worker for master in self._masters for worker in master.children()]

    def grow_to(self, number: int) -> None:
        """Let each program have so many, by gunicorn's signals for one more and one less. Raises
        NotMeasured.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while self.number != number or len(self.processes()) != number * len(self._masters):
            for master in self._masters:
                workers = len(master.children())
                if workers != number:
                    master.send_signal(signal.SIGTTIN if workers < number else signal.SIGTTOU)
                    _await_change(master, workers)
            if time.monotonic() > deadline:
                raise NotMeasured(f"There are {self.number} workers, not {number}.")


def _await_change(master: psutil.Process, workers: int) -> None:
    """Wait a while until a program has more or fewer workers. Of two equal signals at once one would be
    lost.
    """
    deadline = time.monotonic() + CHANGE_SECONDS
    while len(master.children()) == workers and time.monotonic() < deadline:
        signals.check()
        time.sleep(0.05)


def _trial(
    system: Running, units: Replicas | Workers, scene: Scene, rates: dict[str, float], lasting: float
) -> Trial:
    """Send the mix at these rates, by Poisson arrivals."""
    with ExitStack() as stack:
        if quotas.available():
            stack.enter_context(each_with_quota(units.processes(), QUOTA))
        with probing(system.url, _requests(scene, rates, WARM_UP_SECONDS + lasting), seed=1) as probe:
            probe.wait(WARM_UP_SECONDS)
            began, used = time.monotonic(), total_cpu_seconds(system.processes())
            probe.wait(lasting)
            ended, used = time.monotonic(), total_cpu_seconds(system.processes()) - used
            probe.end()
        bytes_used = memory(system.processes())
    found = [each for each in probe.responses(since=began) if each.due < ended]
    if not found:
        raise NotMeasured(f"No request was sent to step {system.step} in {lasting:g} s.")
    latency = p99_ms([each.seconds for each in found])
    errors = sum(not each.is_good for each in found) / len(found)
    holds = latency < SLO_SECONDS * 1000 and errors < SLO_ERRORS
    return Trial(holds, latency, used / (ended - began), bytes_used)


def _requests(scene: Scene, rates: dict[str, float], lasting: float) -> list[Request]:
    """Return the mix. Visitors search, each time for something new, which no cache has; a reader likes."""
    run, number = uuid4().hex[:8], round(rates["search"] * lasting * 2)
    searched = [f"/search?q={WORDS[each % len(WORDS)]}%20zq{run}{each}" for each in range(number)]
    return [
        Request("search", rates["search"], searched),
        Request("list", rates["list"], ["/", "/?page=2"]),
        Request("recommend", rates["recommend"], ["/recommended"]),
        Request("show", rates["show"], [f"/posts/{each}" for each in scene.posts]),
        scene.as_reader("like", rates["like"], [f"/posts/{each}/like" for each in scene.posts], "PUT"),
    ]
