"""An arm whose parts are containers: Docker sets their CPU quotas where this user may not write control
groups.

Only on Linux are the processes of containers seen by their own ids on this machine.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import click
import psutil

from workshop.compare.system.arms import Running, all_arms
from workshop.containers.compose import IMAGES
from workshop.containers.engine import FURTHER_FILES, Engine
from workshop.steps import read_step
from workshop.testbed.process import NotMeasured, started
from workshop.testbed.step import QUIET, await_ready, isolated_state
from workshop.testbed.usage import with_children

READY_SECONDS = 1200.0
"""With the build of images, where the machine has none yet."""

OWN = {*IMAGES, FURTHER_FILES}
"""Variables of the caller that say what containers are made from."""

USUAL_CORES = 1.0
"""What the compose files give each container."""


@dataclass(frozen=True)
class RunningContainers(Running):
    """An arm that is up in containers."""

    def processes(self) -> list[psutil.Process]:
        """Return all processes of the arm's containers."""
        pids = [each.pid for each in Engine(read_step(self.step)).containers() if each.pid]
        return with_children(psutil.Process(pid) for pid in pids if psutil.pid_exists(pid))

    def use(self, cores: frozenset[int]) -> None:
        """Do nothing: containers may use all cores, and their quotas hold on any."""


@dataclass(frozen=True)
class ContainerQuota:
    """The quota of a container."""

    engine: Engine
    container: str

    def throttled_seconds(self) -> float:
        """Return for how long its processes had to wait for their next period, in all."""
        stats = self.engine.client.api.stats(self.container, stream=False, one_shot=True)
        return float(stats["cpu_stats"]["throttling_data"]["throttled_time"]) / 1e9


@cache
def available() -> bool:
    """Return whether arms can run in containers here."""
    if sys.platform != "linux":
        return False
    try:
        Engine(read_step(0)).require()
    except click.ClickException:
        return False
    return True


@contextmanager
def running_containers(name: str) -> Iterator[RunningContainers]:
    """Run an arm in containers inside the block. Its data are removed at the end. Raises NotMeasured."""
    arm = all_arms()[name]
    own = {name: value for name, value in os.environ.items() if name in OWN or name.startswith("DOCKER_")}
    with isolated_state(arm.step, {**QUIET, **own}):
        step = read_step(arm.step)
        engine = Engine(step)
        command = [sys.executable, "-m", "workshop", "docker", "--step", str(arm.step)]
        try:
            began = time.monotonic()
            with started(f"step {arm.step} in containers", command) as run:
                await_ready(arm.step, run, READY_SECONDS)
                yield RunningContainers(name, arm.step, step.url, run, time.monotonic() - began)
        finally:
            engine.remove(images=False)


@contextmanager
def quota(step: int, cores: float, pids: Iterable[int]) -> Iterator[ContainerQuota]:
    """Give the container of a process so many cores inside the block. Raises NotMeasured."""
    engine, wanted = Engine(read_step(step)), {*pids}
    found = next((each for each in engine.containers() if each.pid in wanted), None)
    if found is None:
        raise NotMeasured(f"No container of step {step} has the processes {wanted}.")
    _update(found.id, cores)
    try:
        yield ContainerQuota(engine, found.id)
    finally:
        _update(found.id, USUAL_CORES)


def _update(container: str, cores: float) -> None:
    """The SDK cannot change what `cpus` in a compose file has set."""
    done = subprocess.run(
        ["docker", "update", "--cpus", f"{cores:g}", container], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotMeasured(f"Docker did not change a quota: {done.stderr.strip()}")
