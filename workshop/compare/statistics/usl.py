"""The Universal Scalability Law (Gunther): how throughput grows with replicas.

    X(n) = per_one · n / (1 + contention · (n - 1) + coherence · n · (n - 1))

Contention is the share of the work that only one replica can do at a time. Coherence is what each pair of
replicas costs to keep in agreement; if it is above 0, throughput falls again beyond some number of replicas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from workshop.compare.statistics.bootstrap import CONFIDENCE, Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

MIN_POINTS = 4
"""Different numbers of replicas. Three parameters always pass through three points."""

RESAMPLES = 2000


@dataclass(frozen=True)
class Usl:
    """The parameters that fit best, none below 0, and their intervals by name."""

    per_one: float
    contention: float
    coherence: float
    intervals: dict[str, Interval]

    def per_second(self, replicas: float) -> float:
        """Return the throughput that the law gives. Beyond the measured replicas it is an extrapolation."""
        return float(_throughput(replicas, self.per_one, self.contention, self.coherence))


LEAST = 0.01
"""One replica serves at most a hundred times as much as was ever measured."""

MOST = 1.0
"""With a contention or a coherence of 1 nothing is gained by a second replica."""


def fit_usl(points: Sequence[tuple[float, float]], seed: int = 0) -> Usl:
    """Fit the law to points of replicas and responses a second. The intervals come from a bootstrap of the
    relative residuals.

    Raises ValueError with fewer than four different numbers of replicas, or values that are not above 0.
    """
    import numpy as np  # noqa: PLC0415

    if len({replicas for replicas, _ in points}) < MIN_POINTS:
        raise ValueError(f"The fit needs at least {MIN_POINTS} different numbers of replicas.")
    if any(value <= 0 for point in points for value in point):
        raise ValueError("The fit needs values above 0.")
    replicas, measured = np.array(points, dtype=float).T
    best = _fit(replicas, measured)
    fitted = _throughput(replicas, *best)
    residuals = (measured / fitted - 1) * _inflation(len(points), len(best))
    rng = np.random.default_rng(seed)
    again = [
        _fit(replicas, fitted * np.maximum(1 + rng.choice(residuals, len(points)), 0.01))
        for _ in range(RESAMPLES)
    ]
    tail = (1 - CONFIDENCE) / 2
    lows, highs = np.quantile(again, [tail, 1 - tail], axis=0)
    names = ("per_one", "contention", "coherence")
    intervals = {
        name: Interval(middle, float(low), float(high), len(points))
        for name, middle, low, high in zip(names, best, lows, highs, strict=True)
    }
    return Usl(*best, intervals)


def _inflation(points: int, parameters: int) -> float:
    """Return how much larger the noise may be than it looks: the curve passes nearer to its points than the
    law itself does, and few points say little about noise (Student's t).
    """
    from scipy.stats import norm, t  # noqa: PLC0415

    spare = points - parameters
    quantile = (1 + CONFIDENCE) / 2
    return float(sqrt(points / spare) * t.ppf(quantile, spare) / norm.ppf(quantile))


def _throughput(replicas: Any, per_one: float, contention: float, coherence: float) -> Any:
    return per_one * replicas / (1 + contention * (replicas - 1) + coherence * replicas * (replicas - 1))


def _fit(replicas: "Floats", measured: "Floats") -> tuple[float, float, float]:
    """Return the parameters with the smallest relative errors.

    The law is linear in other parameters: n / X(n) = a + b · (n - 1) + c · n · (n - 1). None of them is
    negative.
    """
    import numpy as np  # noqa: PLC0415
    from scipy.optimize import nnls  # noqa: PLC0415

    terms = np.column_stack([np.ones_like(replicas), replicas - 1, replicas * (replicas - 1)])
    relative = terms * (measured / replicas)[:, np.newaxis]
    (a, b, c), _ = nnls(relative, np.ones_like(measured))
    a = max(a, LEAST / max(measured))
    return float(1 / a), min(float(b / a), MOST), min(float(c / a), MOST)
