"""Rollout: a new version of search comes into use while readers search.

With services it runs beside the old one, which gets no requests any more and then stops. The monolith and the
API of step 1 are started again as a whole: all at once, and in gunicorn's own way, by which a new process
takes over before an old one ends.
"""

import signal
import time
from collections.abc import Callable, Sequence

import psutil

from workshop.compare.gains.lengths import STEPS, start_seconds
from workshop.compare.observations import Observation, Rollout
from workshop.compare.probing.fleet import scale, share
from workshop.compare.probing.parts import end, parts
from workshop.compare.probing.probe import Probe, Response, probing
from workshop.compare.probing.verbs import scene_of, searches
from workshop.compare.system.arms import Running, running
from workshop.processes.exits import is_running
from workshop.services.commands.rollout import TIMEOUT_SECONDS
from workshop.steps import read_step
from workshop.testbed.process import NotMeasured

RATE = 20.0
CALM_SECONDS, AFTER_SECONDS = 2.0, 3.0
OLD, NEW = "v1", "v2"
TRIAL_SECONDS = 25.0

SECOND_VERSION, RESTART, RELOAD = "second version", "restart", "reload"


def seconds(quick: bool, arms: Sequence[str] = STEPS) -> float:
    """Return how long the experiment takes, about."""
    return start_seconds(arms) + len(arms) * TRIAL_SECONDS


def rollout(arms: Sequence[str], record: Callable[[Observation], None]) -> None:
    """Measure each arm, started for this alone. Raises NotMeasured."""
    for arm in arms:
        with running(arm, restart=True) as system:
            measure(system, record)


def measure(system: Running, record: Callable[[Observation], None]) -> None:
    """Roll out a new version of search at an arm that starts again what ends."""
    scene = scene_of(system.url)
    if read_step(system.step).services:
        scale(system.step, f"search:{OLD}=1")
        share(system.step, "search", f"{OLD}=100", f"{NEW}=0")
        scale(system.step, f"search:{NEW}=0")
        with probing(system.url, [searches(scene, RATE)]) as probe:
            record(_trial(system.arm, SECOND_VERSION, probe, lambda: _replace_version(system.step)))
        return
    with probing(system.url, [searches(scene, RATE)]) as probe:
        record(_trial(system.arm, RELOAD, probe, lambda: _reload(system, probe)))
        record(_trial(system.arm, RESTART, probe, lambda: _restart(system, probe)))


def _trial(arm: str, how: str, probe: Probe, change: Callable[[], None]) -> Rollout:
    probe.wait(CALM_SECONDS)
    began = time.monotonic()
    change()
    ended = time.monotonic()
    probe.wait(AFTER_SECONDS)
    found = probe.responses(since=began)
    if not found:
        raise NotMeasured(f"No response came while search was rolled out at step {arm}.")
    return Rollout(
        arm=arm,
        how=how,
        seconds=ended - began,
        sent=len(found),
        refused=sum(not each.is_good for each in found),
        longest_ms=max(each.seconds for each in found) * 1000,
    )


def _replace_version(step: int) -> None:
    """Start the new version, give it a tenth of the requests, then all, and stop the old one."""
    scale(step, f"search:{NEW}=1")
    share(step, "search", f"{OLD}=90", f"{NEW}=10")
    share(step, "search", f"{OLD}=0", f"{NEW}=100")
    scale(step, f"search:{OLD}=0")


def _restart(system: Running, probe: Probe) -> None:
    """Let everything end in good order, all at once. The run starts it again."""
    end(system, [*_programs(system)])
    _await_good(probe, time.monotonic())


def _reload(system: Running, probe: Probe) -> None:
    """Let gunicorn start new workers, which read the code again, and end the old ones."""
    masters = [each for found in _programs(system).values() for each in found]
    old = [worker for master in masters for worker in master.children()]
    began = time.monotonic()
    for each in masters:
        each.send_signal(signal.SIGHUP)
    while any(is_running(each) for each in old):
        if time.monotonic() - began > TIMEOUT_SECONDS:
            raise NotMeasured(f"Old workers were still there after {TIMEOUT_SECONDS} s.")
        probe.wait(0.1)
    _await_good(probe, began)


def _programs(system: Running) -> dict[str, list[psutil.Process]]:
    return {part: found for part, found in parts(system).items() if part in ("api", "web")}


def _await_good(probe: Probe, since: float) -> None:
    """Wait until a request that was due after a moment has a good response, and none after it is bad."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not _is_well(probe.responses(since=since)):
        if time.monotonic() > deadline:
            raise NotMeasured(f"Search did not respond within {TIMEOUT_SECONDS} s after a restart.")
        probe.wait(0.1)


def _is_well(responses: list[Response]) -> bool:
    latest = sorted(responses, key=lambda each: each.due)[-int(RATE / 2) :]
    return len(latest) >= int(RATE / 2) and all(each.is_good for each in latest)
