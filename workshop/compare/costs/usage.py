"""What an arm takes: memory, processes and CPU, at rest and by request."""

import time
from collections import Counter
from collections.abc import Callable

from workshop.compare.costs.subject import Subject
from workshop.compare.observations import Cost, Footprint, Observation
from workshop.compare.system.arms import Running
from workshop.testbed.usage import cpu_used, memory

ENDS = {"service", "app", "wsgi"}


def part_of(program: str) -> str:
    """Return the part of a step that a program is: `search` for `step3_async.views.search.service`."""
    words = [word for word in program.split(".") if word not in ENDS]
    if words[0].startswith("step"):
        return words[-1] if len(words) > 1 else "web"
    return {"workshop": "supervisor"}.get(words[-1], words[-1])


def measure_footprint(
    up: Running, *, round_number: int, seconds: float, record: Callable[[Observation], None]
) -> dict[str, float]:
    """Record what the arm takes while nobody requests anything. Return the share of a core that each part
    uses then.

    It may first finish for so many seconds what it does after it is ready, and is observed for as long.
    """
    time.sleep(seconds)
    processes = up.processes()
    with cpu_used(processes) as used:
        time.sleep(seconds)
    idle = _by_part({name: cpu / seconds for name, cpu in used.items()})
    pss: Counter[str] = Counter()
    for program, size in memory(processes):
        pss[part_of(program)] += size
    record(
        Footprint(
            round=round_number,
            arm=up.arm,
            pss=dict(pss),
            processes=len(processes),
            start_seconds=up.start_seconds,
            idle_cpu=sum(idle.values()),
        )
    )
    return idle


def measure_cost(
    subject: Subject,
    *,
    round_number: int,
    signed: float,
    rate: float,
    seconds: float,
    idle: dict[str, float],
    record: Callable[[Observation], None],
) -> None:
    """Record the CPU time of a request of the mix at a low rate, without what an idle system uses."""
    began = time.monotonic()
    with cpu_used(subject.up.processes()) as used:
        load = subject.load(
            round_number=round_number, rate=rate, signed=signed, seconds=seconds, warm_up=0.0, purpose="cost"
        )
        elapsed = time.monotonic() - began
    record(load)
    if load.void or not load.good:
        return
    cpu_us = {
        part: max(0.0, cpu - idle.get(part, 0.0) * elapsed) / load.sent * 1e6
        for part, cpu in _by_part(used).items()
    }
    record(Cost(round_number, subject.up.arm, signed, rate, cpu_us, load.pace_ms))


def _by_part(used: dict[str, float]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for program, amount in used.items():
        found[part_of(program)] += amount  # type: ignore[assignment]
    return dict(found)
