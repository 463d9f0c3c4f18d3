"""What the generator is given to send. Its process reads it as JSON, and prints what it found (`Sent`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
