"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sizes of all measurements; figures are medians of rounds, in which contenders take turns."""

    count: int
    """Posts to load, copy and rebuild."""

    load_rounds: int
    rounds: int
    """Of servers that answer requests."""

    requests: int
    """Of one server in one round: enough for the clock that counts CPU time in hundredths."""

    proxied: int
    """The same for proxies, of which a request takes little."""

    searches: int
    """The same for searches that a cache answers."""

    searched: int
    """Posts that are searched then."""

    new_posts: int
    """Written at a constant rate while step 2 copies them."""

    rates: tuple[int, ...]
    """Events a second."""

    turns: int
    """Of the way of an event and the floor."""

    seconds: float
    """Of one turn."""

    warming: float
    """Seconds of writes before each turn."""


FULL = Effort(
    count=100_000,
    load_rounds=3,
    rounds=9,
    requests=120,
    proxied=4000,
    searches=500,
    searched=5000,
    new_posts=1000,
    rates=(50, 200),
    turns=3,
    seconds=5.0,
    warming=2.0,
)
QUICK = Effort(
    count=1000,
    load_rounds=1,
    rounds=1,
    requests=60,
    proxied=400,
    searches=80,
    searched=1000,
    new_posts=100,
    rates=(50,),
    turns=1,
    seconds=1.0,
    warming=0.2,
)
"""Shows that all of it works; its figures say little."""
