"""Blast radius: each part of a step is killed in turn, and all verbs are requested meanwhile."""

import time
from collections.abc import Callable, Sequence

from workshop.compare.gains.lengths import STEPS, start_seconds
from workshop.compare.observations import Blast, Observation
from workshop.compare.probing.hanging import Outside, outside
from workshop.compare.probing.parts import MONGOD, NATS, kill, parts
from workshop.compare.probing.probe import Probe, Request, Response, probing
from workshop.compare.probing.verbs import all_verbs, await_picture, scene_of
from workshop.compare.system.arms import Running, running
from workshop.compare.system.cores import ALL

RATE = 2.0
"""Requests a second of each verb, which all arms carry on two cores: how fine the seconds are. An arm that is
full never recovers from a kill, and that would say nothing about the part.
"""

SLOW_SECONDS = 1.0
"""A slower response counts as none."""

SETTLED_SECONDS = 2.0
"""A verb is back when all its responses are good for so long."""

CALM_SECONDS, LEAST_SECONDS, MOST_SECONDS = 2.0, 4.0, 30.0
"""How long a trial takes: before the kill, and at least and at most from the kill on."""

PICTURES = 20
PART_SECONDS = 9.0
PARTS = {"0": 2, "1": 3, "2": 12, "3": 16}
"""How many parts each arm has."""

QUICK_PARTS = ("web", "search", MONGOD)
"""Those killed in a quick run, where a step has them."""

SETTINGS = {"PASSWORD_MEMORY_KIB": "1024"}
"""A sign-in several times a second would else be the largest load."""


def seconds(quick: bool, arms: Sequence[str] = STEPS) -> float:
    """Return how long the experiment takes, about."""
    parts = [min(len(QUICK_PARTS), PARTS[arm[0]]) if quick else PARTS[arm[0]] for arm in arms]
    return start_seconds(arms) + sum(parts) * PART_SECONDS


def blast(
    arms: Sequence[str], record: Callable[[Observation], None], *, only: Sequence[str] | None = None
) -> None:
    """Kill all parts of each arm, or `only` those, one after the other. Raises NotMeasured."""
    for arm in arms:
        with outside() as beyond, running(arm, env={**beyond.env(), **SETTINGS}, restart=True) as system:
            measure(system, beyond, record, only=only)


def measure(
    system: Running,
    beyond: Outside,
    record: Callable[[Observation], None],
    *,
    only: Sequence[str] | None = None,
) -> None:
    """Kill parts of an arm that runs with the settings of `beyond`, and starts again what ends."""
    system.use(ALL)
    pictured = beyond.site.load_posts(system.step, PICTURES)
    await_picture(system.url, pictured[-1])
    verbs = all_verbs(scene_of(system.url), RATE, pictured)
    with probing(system.url, verbs) as probe:
        probe.wait(SETTLED_SECONDS)
        for part in _in_order(system, only):
            record(_kill(system, part, probe, verbs))


def _in_order(system: Running, only: Sequence[str] | None) -> list[str]:
    """Return the parts to kill. The stores come last, as all others have to connect to them again."""
    names = [name for name in parts(system) if only is None or name in only]
    return sorted(names, key=lambda name: (name in (MONGOD, NATS), name))


def _kill(system: Running, part: str, probe: Probe, verbs: Sequence[Request]) -> Blast:
    _await_all_good(probe, verbs, time.monotonic())
    killed = time.monotonic()
    kill(system, part)
    ended = _await_all_good(probe, verbs, killed)
    degraded = {
        each.verb: degraded_seconds(probe.responses(each.verb, killed), killed, ended) for each in verbs
    }
    gaps = sorted({each.verb for each in probe.responses(since=killed) if each.is_good and each.has_gap})
    return Blast(arm=system.arm, part=part, degraded=degraded, gaps=gaps)


def _await_all_good(probe: Probe, verbs: Sequence[Request], since: float) -> float:
    """Wait until all verbs have been good for a while, or the time of the trial is over. Return when."""
    while True:
        probe.wait(1 / RATE)
        now = time.monotonic()
        if now - since > MOST_SECONDS:
            return now
        lately = max(now - SETTLED_SECONDS - SLOW_SECONDS, since)
        is_settled = all(_is_well(probe.responses(each.verb, lately), now) for each in verbs)
        if is_settled and now - since > LEAST_SECONDS:
            return now


def _is_well(responses: list[Response], now: float) -> bool:
    """Return whether all of these are good, and as many as should have come are there."""
    expected = int(RATE * SETTLED_SECONDS) - 1
    return len([each for each in responses if each.due < now - SLOW_SECONDS]) >= expected and all(
        _is_in_time(each) for each in responses
    )


def degraded_seconds(responses: list[Response], killed: float, ended: float) -> float | None:
    """Return for how many seconds there was no good response: from the first request without one to the
    first after the last such.
    """
    ordered = sorted(responses, key=lambda each: each.due)
    bad = [each.due for each in ordered if not _is_in_time(each)]
    if not bad:
        return 0.0
    good_again = [each.due for each in ordered if each.due > bad[-1] and _is_in_time(each)]
    if not good_again or ended - killed > MOST_SECONDS:
        return None
    return good_again[0] - bad[0]


def _is_in_time(response: Response) -> bool:
    return response.is_good and response.seconds < SLOW_SECONDS
