"""The arms of the comparison: the steps, step 0 a second time, and step 0 behind a cache."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import psutil

from workshop.compare.system.cores import GENERATOR, SYSTEM, bind, on
from workshop.compare.system.microcache import microcache
from workshop.steps import read_step, step_numbers
from workshop.testbed.process import StartedProcess
from workshop.testbed.step import await_ready, isolated_state, running_step
from workshop.testbed.usage import tree, with_children

AGAIN, CACHED = "0 again", "0 cached"


@dataclass(frozen=True)
class Arm:
    """A step as it is compared. `is_cached` puts nginx with a cache of one second in front."""

    name: str
    step: int
    is_cached: bool = False


def all_arms() -> dict[str, Arm]:
    """Return all arms by name: the steps, and step 0 twice more."""
    arms = [Arm("0", 0), Arm(AGAIN, 0), Arm(CACHED, 0, is_cached=True)]
    arms += [Arm(str(number), number) for number in step_numbers() if number]
    return {each.name: each for each in arms}


def shares_of(arm: Arm, shares: Sequence[float]) -> list[float]:
    """Return the shares of signed-in readers with which an arm is measured. A cache that passes all of them
    on shows nothing that step 0 alone does not.
    """
    return [each for each in shares if each < 1 or not arm.is_cached]


def missing_for(arm: Arm) -> str | None:
    """Return what this machine lacks for an arm, None if it lacks nothing."""
    if arm.is_cached and shutil.which("nginx") is None:
        return "There is no nginx on the PATH, so step 0 was not measured behind a cache."
    return None


@dataclass(frozen=True)
class Running:
    """An arm that is up. `url` is where its clients send requests, `run` the process of `./stones run`, and
    `others` are processes that belong to the arm besides. It was ready after `start_seconds`, in which the
    bundled posts were loaded.
    """

    arm: str
    step: int
    url: str
    run: StartedProcess
    start_seconds: float
    others: list[StartedProcess] = field(default_factory=list)

    def processes(self) -> list[psutil.Process]:
        """Return all processes of the arm."""
        return with_children(psutil.Process(each.pid) for each in (self.run, *self.others))

    def use(self, cores: frozenset[int]) -> None:
        """Let all its threads run on these cores."""
        bind([each.pid for each in self.processes()], cores)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let it run on the system's cores inside the block, and on the generator's after it: it leaves the
        system's to another arm that is up, and does there what it does while nobody requests anything.
        """
        self.use(SYSTEM)
        yield
        self.use(GENERATOR)


@contextmanager
def running(
    name: str, *, env: Mapping[str, str] = MappingProxyType({}), restart: bool = False
) -> Iterator[Running]:
    """Run an arm inside the block, with the bundled posts and the settings `env`. With `restart` its parts
    are started again when they end, also at the steps that else stop then.

    It starts on all cores, as it does for its users. Once it is ready it is bound to the system's. Raises
    NotMeasured if it does not become ready.
    """
    arm = all_arms()[name]
    with ExitStack() as stack:
        stack.enter_context(isolated_state(arm.step, env))
        began = time.monotonic()
        run = stack.enter_context(running_step(arm.step, bundled=True, restart=restart))
        await_ready(arm.step, run)
        seconds = time.monotonic() - began
        bind([each.pid for each in tree(run.pid)], SYSTEM)
        url = read_step(arm.step).url
        if not arm.is_cached:
            yield Running(name, arm.step, url, run, seconds)
            return
        with on(SYSTEM):
            url, nginx = stack.enter_context(microcache(url))
        yield Running(name, arm.step, url, run, seconds, [nginx])
