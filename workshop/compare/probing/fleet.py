"""Replicas of a service while a step runs, each with a CPU quota of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Protocol

import psutil

from workshop.compare.system import quotas
from workshop.services.state_files import read_desired, read_instances
from workshop.testbed.process import run_workshop

UP = "up"


def scale(step: int, *targets: str) -> None:
    """Scale services of a running step, as `./stones scale` does: `search=3`. Raises NotMeasured."""
    run_workshop("scale", step, *targets)


def share(step: int, service: str, *shares: str) -> None:
    """Share the requests among versions, as `./stones versions` does: `v1=10`. Raises NotMeasured."""
    run_workshop("versions", step, service, *shares)


def without_idle_versions(step: int, service: str) -> None:
    """Stop the instances of versions that get no requests. Raises NotMeasured."""
    versions = read_desired(step)[service]
    if idle := [f"{service}:{name}=0" for name, each in versions.items() if not each.share and each.numbers]:
        scale(step, *idle)


def replicas(step: int, service: str) -> list[psutil.Process]:
    """Return the processes of a service that are up."""
    found = []
    for each in read_instances(step):
        if each.service == service and each.state == UP and each.pid:
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(each.pid))
    return found


Quota = Callable[[float, list[int]], AbstractContextManager["Throttled"]]
"""Gives processes so many cores in all inside a block."""


class Throttled(Protocol):
    """Processes with a quota."""

    def throttled_seconds(self) -> float:
        """Return for how long they had to wait for their next period, in all."""


@contextmanager
def each_with_quota(
    processes: list[psutil.Process], cores: float, quota: Quota = quotas.quota
) -> Iterator[list[Throttled]]:
    """Give each process a quota of its own inside the block. Raises NotMeasured."""
    with ExitStack() as stack:
        yield [stack.enter_context(quota(cores, [each.pid])) for each in processes]
