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

    step: float
    """Between two rates of such a search, near the capacity."""

    near_trials: int
    """How many trials such a search makes near the capacity."""

    idle_seconds: float
    """For how long an arm is left alone, and then observed, before it is measured under load."""

    cost_rate: float
    cost_seconds: float
    cost_rounds: int
    """Rounds in which the cost of a request is measured."""

    lag_posts: int
    is_quick: bool

    def measures_cost(self, round_number: int) -> bool:
        """Return whether the cost of a request is measured in this round, the first of which is 1."""
        return round_number <= self.cost_rounds


FULL = Effort(
    shares=(0.0, 0.2, 1.0),
    rounds=3,
    readers=20,
    trial_seconds=3.6,
    step=1.15,
    near_trials=4,
    idle_seconds=2.0,
    cost_rate=25.0,
    cost_seconds=6.0,
    cost_rounds=1,
    lag_posts=20,
    is_quick=False,
)
QUICK = Effort(
    shares=(0.2,),
    rounds=1,
    readers=8,
    trial_seconds=3.0,
    step=1.3,
    near_trials=1,
    idle_seconds=2.0,
    cost_rate=25.0,
    cost_seconds=5.0,
    cost_rounds=1,
    lag_posts=6,
    is_quick=True,
)
