"""The catalogue of measurements: what each measures, and how long it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workshop.bench import reports
from workshop.bench.effort import QUICK, Effort

if TYPE_CHECKING:
    from workshop.testbed.step import Testbed

CORES = 2
"""The number of cores of the machine on which the durations below were measured."""

STEP3_START_SECONDS = 15.0
"""Counted once for all measurements of step 3."""


@dataclass(frozen=True)
class Measurement:
    """A measurement. `run` returns its figures. `text` describes it, with `{count}` for the number of posts
    and `{rates}` for the writes a second. It takes `seconds`, or `quick_seconds` for a quick one, and
    `per_thousand_posts` seconds more for every thousand posts, of which it uses at most `max_posts`.
    """

    run: "Callable[[Effort, Testbed], reports.Figures]"
    text: str
    seconds: float
    quick_seconds: float
    per_thousand_posts: float = 0.0
    max_posts: int | None = None
    is_of_step3: bool = False

    def duration(self, effort: Effort) -> float:
        """Return the seconds that it takes."""
        fixed = self.quick_seconds if effort.rounds == QUICK.rounds else self.seconds
        return fixed + self.per_thousand_posts * self._posts(effort) / 1000

    def description(self, effort: Effort) -> str:
        """Return what is measured."""
        return self.text.format(count=f"{self._posts(effort):,}", rates=" and ".join(map(str, effort.rates)))

    def _posts(self, effort: Effort) -> int:
        return effort.count if self.max_posts is None else min(effort.count, self.max_posts)


MEASUREMENTS = {
    "load": Measurement(
        reports.loading,
        "loading {count} generated posts: the loader, and a bare insert_many loop",
        seconds=5,
        quick_seconds=5,
        per_thousand_posts=0.6,
    ),
    "read": Measurement(
        reports.reads,
        "pages of 25 found posts of {count}: Eve, and a server written by hand",
        seconds=30,
        quick_seconds=10,
        per_thousand_posts=0.2,
        max_posts=reports.READ_POSTS,
    ),
    "memory": Measurement(
        reports.memory,
        "memory of all processes of each step, MongoDB included",
        seconds=180,
        quick_seconds=60,
    ),
    "sync": Measurement(
        reports.copying,
        "copying {count} posts to 7 services: step 2, and one bare process",
        seconds=30,
        quick_seconds=20,
        per_thousand_posts=2,
    ),
    "events": Measurement(
        reports.events,
        "{rates} writes a second until 4 ponds have them: step 3, and a bare program",
        seconds=150,
        quick_seconds=20,
        is_of_step3=True,
    ),
    "gateway": Measurement(
        reports.gateway,
        "passing requests on: step 3's gateway, and bare proxies",
        seconds=60,
        quick_seconds=10,
        is_of_step3=True,
    ),
    "cache": Measurement(
        reports.cache,
        "responding to searches: the cache of step 3's gateway, and a server written by hand",
        seconds=40,
        quick_seconds=10,
        is_of_step3=True,
    ),
    "rebuild": Measurement(
        reports.rebuilding,
        "rebuilding a view of step 3 with {count} posts, and one bare copy",
        seconds=10,
        quick_seconds=10,
        per_thousand_posts=2,
        is_of_step3=True,
    ),
}


def total_duration(names: list[str], effort: Effort) -> float:
    """Return the seconds that these measurements take together."""
    chosen = [MEASUREMENTS[name] for name in names]
    starting = STEP3_START_SECONDS if any(each.is_of_step3 for each in chosen) else 0.0
    return starting + sum(each.duration(effort) for each in chosen)
