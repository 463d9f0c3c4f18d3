"""What the generator is given to send, and what it found. Both are passed between processes as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workshop.compare.observations import Load

LATENESS_MS = 5.0
LATENESS_SHARE = 0.1
"""A trial is void if the p99 of lateness is above LATENESS_MS and above this share of the latency's p99."""


@dataclass(frozen=True)
class Job:
    """A load to send to `base`: Poisson arrivals at `rate` a second, for `seconds` after `warm_up` seconds at
    the same rate that do not count.

    `words` are searched, the first most often; `posts` are shown and marked. `signed` is the share of reads
    by one of the readers with these `tokens`, who also set the marks. `expected` has the ids of pages, in
    their order, by path; a page that it does not have is not compared.

    With `give_up` seconds above 0, the trial ends early once so many seconds' arrivals are unanswered: the
    system is so far beyond its capacity that nothing more is to be learnt.
    """

    base: str
    rate: float
    seconds: float
    signed: float
    mix: Mapping[str, float]
    seed: int
    posts: Sequence[str] = ()
    words: Sequence[str] = ()
    tokens: Sequence[str] = ()
    expected: Mapping[str, Sequence[str]] = field(default_factory=dict)
    warm_up: float = 2.0
    give_up: float = 0.0


@dataclass(frozen=True)
class Sent:
    """What came of a job: the fields of an observed `Load`, without those that say what it was for."""

    signed: float
    rate: float
    seconds: float
    sent: int
    good: int
    errors: dict[str, int]
    latency_ms: dict[str, float]
    service_ms: dict[str, float]
    verbs: dict[str, dict[str, float]]
    lateness_p99_ms: float
    generator_cpu: float
    histogram: str
    void: str | None

    def as_load(self, *, round: int, arm: str, purpose: str = "curve") -> Load:  # noqa: A002 - the field's name
        """Return the observation of this load."""
        fields: dict[str, Any] = vars(self)
        return Load(round=round, arm=arm, purpose=purpose, **fields)

    def keeps(self, slo_ms: float, slo_errors: float) -> bool | None:
        """Return whether the objective was kept: p99, and the share of failed requests. None if void."""
        if self.void is not None:
            return None
        return self.latency_ms["0.99"] < slo_ms and self.sent - self.good < slo_errors * self.sent
