"""Scaling: searches a second with more and more replicas of search, each with the same CPU quota.

Without quotas a curve would show the machine: one replica takes all of it, and two share it. With so small
quotas no objective of latency can be kept, so we measure what a saturated system responds to (goodput).

Visitors search through the face. Each search is a new one, so that step 3's cache has no response to it.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

from workshop import signals
from workshop.compare.gains.lengths import WITH_SERVICES, start_seconds
from workshop.compare.observations import Observation, Scaling, Skipped
from workshop.compare.probing.fleet import Quota, each_with_quota, replicas, scale, without_idle_versions
from workshop.compare.probing.saturation import WARM_UP_SECONDS, Saturated, saturate
from workshop.compare.system import in_containers, quotas
from workshop.compare.system.arms import Running, running
from workshop.compare.system.cores import ALL, GENERATOR, SYSTEM
from workshop.steps import read_step
from workshop.testbed.process import NotMeasured
from workshop.testbed.usage import total_cpu_seconds

SERVICE = "search"
REPLICAS = (1, 2, 4, 8)
QUOTA = quotas.LEAST_CORES
"""Cores for each replica: the least that the kernel accepts with our short period, so that many fit."""

CONNECTIONS = 8
"""Connections for each replica: as many as it has threads, so that it never waits for requests."""

SECONDS = 6.0
SCALE_SECONDS, IDLE_SECONDS = 10.0, 3.0
SPARE = 0.05
"""The share of the cores that a plan leaves free."""

NO_QUOTAS = (
    "CPU quotas need root, a control group with the controller `cpu` that this user may write, or Docker on "
    "Linux. Without quotas the curve would show the machine and not the architecture."
)


def seconds(quick: bool, arms: Sequence[str] = WITH_SERVICES, rounds: int = 1) -> float:
    """Return how long the experiment takes, about."""
    if quotas.available() is None and not in_containers.available():
        return 0.0
    each = SCALE_SECONDS + WARM_UP_SECONDS + SECONDS
    return start_seconds(arms) + len(arms) * rounds * len(REPLICAS) * each


def scaling(
    arms: Sequence[str],
    record: Callable[[Observation], None],
    *,
    rounds: int = 1,
    counts: Sequence[int] = REPLICAS,
    lasting: float = SECONDS,
) -> None:
    """Measure each arm that has a service for search, started for this alone. Raises NotMeasured."""
    for arm in arms:
        if quotas.available() is not None:
            with running(arm) as system:
                measure(system, record, rounds=rounds, counts=counts, lasting=lasting)
        elif in_containers.available():
            with in_containers.running_containers(arm) as system:
                measure(system, record, rounds=rounds, counts=counts, lasting=lasting)
        else:
            record(Skipped("scaling", arm, NO_QUOTAS))


def measure(
    system: Running,
    record: Callable[[Observation], None],
    *,
    rounds: int = 1,
    counts: Sequence[int] = REPLICAS,
    lasting: float = SECONDS,
) -> None:
    """Measure a running arm. In the end it has one replica again.

    What a point needs is planned from the first: with n replicas, all but them has n times as much to do. A
    point that needs more cores than there are is not measured.
    """
    require_service(system.step)
    without_idle_versions(system.step, SERVICE)
    system.use(ALL)  # quotas limit it here, and the generator takes little
    idle = _idle(system)
    for number in range(1, rounds + 1):
        cost = 0.0
        for count in sorted(counts):
            planned = idle + count * (QUOTA + cost)
            fits = planned <= len(SYSTEM | GENERATOR) * (1 - SPARE)
            if not fits:
                record(Scaling(number, system.arm, count, QUOTA, planned, fits))
                continue
            scale(system.step, f"{SERVICE}={count}")
            found, rest, used = _saturate(system, count, lasting)
            cost = cost or max(rest - idle, 0.0) + found.generator_cpu
            record(
                Scaling(
                    round=number,
                    arm=system.arm,
                    replicas=count,
                    quota=QUOTA,
                    cores=idle + count * (QUOTA + cost),
                    fits=True,
                    per_second=found.per_second,
                    saturated=True,
                    used=used,
                )
            )
    scale(system.step, f"{SERVICE}=1")


def require_service(step: int) -> None:
    """Raise NotMeasured if a step has no service for search."""
    if SERVICE not in read_step(step).services:
        raise NotMeasured(f"Step {step} has no service {SERVICE} that could be scaled.")


def _saturate(system: Running, count: int, lasting: float) -> tuple[Saturated, float, float]:
    """Return what the step responds to, and the cores that it used meanwhile: all but the replicas, and the
    replicas.
    """
    processes = replicas(system.step, SERVICE)
    if len(processes) != count:
        raise NotMeasured(f"{len(processes)} of {count} replicas of {SERVICE} are up.")
    others = [each for each in system.processes() if each not in processes]
    way: Quota = quotas.quota
    if isinstance(system, in_containers.RunningContainers):
        way = partial(in_containers.quota, system.step)
    with each_with_quota(processes, QUOTA, way) as groups:
        saturate(system.url, count * CONNECTIONS, 1.0)  # connections, caches, and the balancer's estimates
        waited = [each.throttled_seconds() for each in groups]
        found, (rest, used) = saturate(system.url, count * CONNECTIONS, lasting, others, processes)
        is_busy = any(each.throttled_seconds() > was for each, was in zip(groups, waited, strict=True))
    if count == 1 and not is_busy:
        raise NotMeasured(f"{SERVICE} did not use up its quota, so something else limits step {system.step}.")
    return found, rest, used


def _idle(system: Running) -> float:
    """Return how many cores the step uses while nobody asks anything."""
    processes, began = system.processes(), time.monotonic()
    before = total_cpu_seconds(processes)
    while (lasted := time.monotonic() - began) < IDLE_SECONDS:
        signals.check()
        time.sleep(0.1)
    return (total_cpu_seconds(processes) - before) / lasted
