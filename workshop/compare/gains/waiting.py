"""Waiting: the mail server, or the site of pictures, lets its clients wait, while readers search.

Step 0 has two processes of eight threads. A mail server that takes two seconds keeps a thread for as long,
so eight shares a second keep all of them; we send more than that. At other steps the same requests may keep
other programs busy.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workshop.compare.gains.lengths import STEPS, start_seconds
from workshop.compare.observations import Observation, Waiting
from workshop.compare.probing.hanging import HangingMail, HangingSite, Outside, outside, pictures_of
from workshop.compare.probing.probe import Probe, Request, p99_ms, probing
from workshop.compare.probing.verbs import Scene, await_picture, page_verbs, scene_of, share_verb
from workshop.compare.system.arms import Running, running

HANG_SECONDS = 2.0
PAGES_RATE, HANGING_RATE = 5.0, 10.0
"""Requests a second of each verb that shows posts, and of the verb that waits."""

WARM_UP_SECONDS = 3.0
END_SECONDS = 6.0
"""How long the last responses take to come, and pictured posts to load, about."""

PATIENCE_SECONDS = 1.0
"""A response counts as good if it comes within this time; where it has to wait for the server that hangs, the
server's time is added.
"""

KINDS = ("mail", "images")
HANGING_VERBS = ("share", "image")


@dataclass(frozen=True)
class Lengths:
    """How many seconds each arm is measured before and while a dependency hangs."""

    calm: float
    hung: float


FULL, QUICK = Lengths(6.0, 8.0), Lengths(3.0, 6.0)


def seconds(quick: bool, arms: Sequence[str] = STEPS, kinds: Sequence[str] = KINDS) -> float:
    """Return how long the experiment takes, about."""
    lengths = QUICK if quick else FULL
    each = WARM_UP_SECONDS + lengths.calm + lengths.hung + END_SECONDS
    return start_seconds(arms) + len(arms) * len(kinds) * each


def waiting(
    arms: Sequence[str],
    record: Callable[[Observation], None],
    *,
    kinds: Sequence[str] = KINDS,
    lengths: Lengths = FULL,
) -> None:
    """Measure each arm, started for this alone. Raises NotMeasured."""
    for arm in arms:
        with outside() as beyond, running(arm, env=beyond.env()) as system:
            for kind in kinds:
                record(measure(system, beyond, kind, lengths))


def measure(system: Running, beyond: Outside, kind: str, lengths: Lengths = FULL) -> Waiting:
    """Measure an arm that runs with the settings of `beyond`, calm and while `kind` hangs."""
    scene = scene_of(system.url)
    hanging, server = _hanging_verb(system, beyond, scene, kind, lengths)
    kinds = [*page_verbs(scene, PAGES_RATE), hanging]
    try:
        with probing(system.url, kinds) as probe:
            probe.wait(WARM_UP_SECONDS)
            began = time.monotonic()
            probe.wait(lengths.calm)
            server.seconds, hung = HANG_SECONDS, time.monotonic()
            probe.wait(lengths.hung)
            ended = time.monotonic()
            probe.end()
    finally:
        server.seconds = 0.0
    calm_goodput, calm_p99 = _figures(probe, kinds, began, hung)
    hung_goodput, hung_p99 = _figures(probe, kinds, hung, ended)
    return Waiting(
        arm=system.arm,
        what=kind,
        hang_seconds=HANG_SECONDS,
        rate=sum(each.rate for each in kinds),
        calm=calm_goodput,
        hung=hung_goodput,
        calm_p99_ms=calm_p99,
        hung_p99_ms=hung_p99,
    )


def _hanging_verb(
    system: Running, beyond: Outside, scene: Scene, kind: str, lengths: Lengths
) -> tuple[Request, HangingMail | HangingSite]:
    """Return the requests that wait, and the server that lets them. Each picture is requested once, as a step
    keeps what it has fetched.
    """
    if kind == "mail":
        return share_verb(scene, HANGING_RATE), beyond.mail
    number = round(HANGING_RATE * (WARM_UP_SECONDS + lengths.calm + lengths.hung) * 1.5) + 1
    posts = beyond.site.load_posts(system.step, number)
    await_picture(system.url, posts[-1])
    return Request("image", HANGING_RATE, pictures_of(posts[:-1])), beyond.site


def _figures(
    probe: Probe, kinds: Sequence[Request], since: float, until: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Return good responses a second, and the 99th percentile of latency, by verb, for requests that were due
    in that time.
    """
    goodput, p99 = {}, {}
    for kind in kinds:
        due = [each for each in probe.responses(kind.verb, since) if each.due < until]
        patience = PATIENCE_SECONDS + (HANG_SECONDS if kind.verb in HANGING_VERBS else 0.0)
        good = [each for each in due if each.is_good and each.seconds <= patience]
        goodput[kind.verb] = len(good) / (until - since)
        p99[kind.verb] = p99_ms([each.seconds for each in due])
    return goodput, p99
