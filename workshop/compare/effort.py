"""The sizes of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much is measured. `shares` are those of signed-in readers."""

    shares: tuple[float, ...]
    rounds: int
    readers: int
    trial_seconds: float
    """Of one trial of the search for capacity."""

    trials: int
    """Of such a search."""

    step: float
    """Between two rates of such a search, near the capacity."""

    idle_seconds: float
    """For how long an arm is left alone, and then observed, before it is measured under load."""

    cost_rate: float
    cost_seconds: float
    lag_posts: int
    is_quick: bool


FULL = Effort(
    shares=(0.0, 0.2, 1.0),
    rounds=3,
    readers=20,
    trial_seconds=3.0,
    trials=8,
    step=1.15,
    idle_seconds=2.0,
    cost_rate=25.0,
    cost_seconds=6.0,
    lag_posts=40,
    is_quick=False,
)
QUICK = Effort(
    shares=(0.2,),
    rounds=1,
    readers=8,
    trial_seconds=3.0,
    trials=4,
    step=1.3,
    idle_seconds=2.0,
    cost_rate=25.0,
    cost_seconds=5.0,
    lag_posts=6,
    is_quick=True,
)
