"""What can be measured, of what, and how long that takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workshop.bench import reports
from workshop.bench.effort import QUICK, Effort

if TYPE_CHECKING:
    from workshop.bench.stage import Stages

CORES = 2
"""Of the machine on which the seconds below were taken."""

STARTING_STEP3 = 15.0
"""Seconds, once for all measurements of step 3."""


@dataclass(frozen=True)
class Measure:
    """A measurement: `make` makes it; `text` says of what, with `{count}` for how many posts and `{rates}`
    for how many writes a second. `seconds` is how long it takes, `each` how much longer with every thousand
    posts up to `most`; and `quick` the former for a quick one.
    """

    make: "Callable[[Effort, Stages], reports.Figures]"
    text: str
    seconds: float
    quick: float
    each: float = 0.0
    most: int | None = None
    is_of_step3: bool = False

    def takes(self, effort: Effort) -> float:
        """How many seconds."""
        fixed = self.quick if effort.rounds == QUICK.rounds else self.seconds
        return fixed + self.each * self._posts(effort) / 1000

    def told(self, effort: Effort) -> str:
        """Of what."""
        return self.text.format(count=f"{self._posts(effort):,}", rates=" and ".join(map(str, effort.rates)))

    def _posts(self, effort: Effort) -> int:
        return effort.count if self.most is None else min(effort.count, self.most)


MEASURES = {
    "load": Measure(
        reports.loading,
        "{count} generated posts: the loader in turns with a bare insert_many loop",
        seconds=5,
        quick=5,
        each=0.6,
    ),
    "read": Measure(
        reports.reading,
        "pages of 25 found posts of {count}: Eve in turns with a server written by hand",
        seconds=30,
        quick=10,
        each=0.2,
        most=reports.READ_POSTS,
    ),
    "sync": Measure(
        reports.copying,
        "{count} posts copied to 7 services: by step 2, then by one bare process",
        seconds=30,
        quick=20,
        each=2,
    ),
    "events": Measure(
        reports.events,
        "writes until 4 ponds have them, {rates} a second: step 3 in turns with a bare program",
        seconds=150,
        quick=20,
        is_of_step3=True,
    ),
    "gateway": Measure(
        reports.gateway,
        "requests passed on: step 3's gateway in turns with bare proxies",
        seconds=60,
        quick=10,
        is_of_step3=True,
    ),
    "cache": Measure(
        reports.cache,
        "searches: step 3's gateway, from its cache, in turns with a server written by hand",
        seconds=40,
        quick=10,
        is_of_step3=True,
    ),
    "rebuild": Measure(
        reports.rebuilding,
        "{count} posts: a view of step 3 thrown away and rebuilt, and one bare copy",
        seconds=10,
        quick=10,
        each=2,
        is_of_step3=True,
    ),
}


def takes(names: list[str], effort: Effort) -> float:
    """How many seconds these take together."""
    chosen = [MEASURES[name] for name in names]
    starting = STARTING_STEP3 if any(each.is_of_step3 for each in chosen) else 0.0
    return starting + sum(each.takes(effort) for each in chosen)
