"""The sizes of measurements."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """The sizes of all measurements. Figures are medians of rounds, in which the compared programs take
    turns.
    """

    count: int
    """Posts to load, copy and rebuild."""

    load_rounds: int
    rounds: int
    """Rounds of servers that respond to requests."""

    requests: int
    """Requests to one server in one round: enough for a clock that counts CPU time in hundredths of a
    second.
    """

    proxy_requests: int
    """Requests to one proxy in one round. Each takes little time."""

    cache_requests: int
    """Searches in one round that a cache responds to."""

    searched_posts: int
    """Posts to search then."""

    reader_requests: int
    """Requests before the memory of a step is measured again."""

    new_posts: int
    """Posts to write at a constant rate while step 2 copies them."""

    rates: tuple[int, ...]
    """Events a second."""

    turns: int
    """Turns of step 3 and the baselines."""

    seconds: float
    """Seconds of one turn."""

    warm_up: float
    """Seconds of writes before each turn."""


FULL = Effort(
    count=100_000,
    load_rounds=3,
    rounds=9,
    requests=120,
    proxy_requests=4000,
    cache_requests=500,
    searched_posts=5000,
    reader_requests=1000,
    new_posts=1000,
    rates=(50, 200),
    turns=3,
    seconds=5.0,
    warm_up=2.0,
)
QUICK = Effort(
    count=1000,
    load_rounds=1,
    rounds=1,
    requests=60,
    proxy_requests=400,
    cache_requests=80,
    searched_posts=1000,
    reader_requests=50,
    new_posts=100,
    rates=(50,),
    turns=1,
    seconds=1.0,
    warm_up=0.2,
)
"""Shows that all of it works. Its figures mean little."""
