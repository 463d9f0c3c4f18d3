"""The figures of a run, computed from its observations: all that the page, the Markdown and the JSON show."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil, exp, log, sqrt
from statistics import fmean, median
from typing import Any, Literal, TypeVar

from workshop.compare import observations as seen
from workshop.compare.statistics.bootstrap import Interval, differs, interval, ratio_interval
from workshop.compare.statistics.usl import Usl, fit_usl

ARMS = ("0", "0 again", "0 cached", "1", "2", "3")
NAMES = {"0": "step 0", "0 again": "step 0 again (A/A)", "0 cached": "step 0 behind a cache"}
SERVICES = ("2", "3")
FEW_ROUNDS = 3
LEAST_DIFFERENCE = 0.1
"""The search for capacity is as exact as this, and so are all figures of fewer than three rounds."""
ONE_SEARCH, ONE_ROUND, ONE_LOOK = 1.5, 1.25, 1.05
"""One round shows no spread, and a ratio may be wrong by as much: a ratio of capacities, as the closest rates
of a quick search differ by half; a ratio of times; and one of memory, which does not follow the machine's
pace: over rounds it differed by 2 %.
"""
BIN = log(1.15)
"""Trials whose rates are this close are one point of a curve."""

Finding = Literal["more", "less", "alike", "unchecked", "reference", "again"]
Kind = TypeVar("Kind", bound=seen.Observation)


def name_of(arm: str) -> str:
    """Return how tables and plots call an arm."""
    return NAMES.get(arm, f"step {arm}")


@dataclass(frozen=True)
class Measured:
    """A figure of an arm, its ratio to step 0 in the same rounds, to the mean of both rows of it, and what
    that ratio says.

    `more` and `less` are differences that count; `alike` is one that step 0 shows against itself, too;
    `unchecked` could not be compared; `reference` is what
    others are compared with, and `again` step 0 itself once more. `bound` is "≥" where the generator could
    not send more, and `ratio_bound` says what this makes of the ratio.
    """

    value: Interval
    ratio: Interval | None = None
    finding: Finding = "unchecked"
    bound: str = ""
    ratio_bound: str = ""


@dataclass(frozen=True)
class Point:
    """A rate of a curve: the medians of the trials near it."""

    rate: float
    p50_ms: float
    p99_ms: float
    trials: int


@dataclass(frozen=True)
class LagFigures:
    """Quantiles of all lags of one kind, in seconds."""

    p50: float
    p99: float
    count: int


@dataclass(frozen=True)
class PaceFigures:
    """The pace of the machine over a run: the median, in milliseconds of CPU time for a fixed piece of work,
    and the 5th and 95th percentiles of what the work took, as parts of the median.
    """

    median_ms: float
    low: float
    high: float


@dataclass(frozen=True)
class Scaled:
    """Searches a second by replicas, and the law that fits them if there are enough points."""

    points: list[tuple[int, float]]
    saturated: bool
    usl: Usl | None


@dataclass(frozen=True)
class Summary:
    """What a run found. Shares of signed-in readers are whole percents. Experiments without a figure of
    their own are kept as they were observed.
    """

    about: seen.About | None
    commits: list[str]
    arms: list[str]
    shares: list[int]
    rounds: int
    capacity: dict[int, dict[str, Measured]]
    beside_cache: dict[int, Measured]
    """Step 3's capacity; its ratio is to step 0 behind a cache."""
    cpu_us: dict[int, dict[str, Measured]]
    cpu_by_program: dict[int, dict[str, dict[str, float]]]
    memory: dict[str, Measured]
    memory_by_program: dict[str, dict[str, float]]
    start: dict[str, Measured]
    idle_cpu: dict[str, float]
    processes: dict[str, int]
    lag: dict[str, dict[str, LagFigures]]
    curves: dict[int, dict[str, list[Point]]]
    trials: int
    void: list[str]
    pace: PaceFigures | None
    """CPU times are scaled to its median."""
    waiting: list[seen.Waiting]
    scaling: dict[str, Scaled]
    scaling_left_out: list[seen.Scaling]
    hot_verb: list[seen.HotVerb]
    blast: list[seen.Blast]
    rollout: list[seen.Rollout]
    storage: list[seen.Storage]
    size: list[seen.Size]
    wish: list[seen.Wish]
    equality: list[seen.Equality]
    instrument: seen.Instrument | None
    skipped: list[seen.Skipped] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the figures, as JSON can represent them."""
        return asdict(self)


def summarize(observations: Sequence[seen.Observation]) -> Summary:
    """Compute the figures. A measurement that was repeated after an interruption counts once."""

    def only(kind: type[Kind], *names: str) -> list[Kind]:
        found = [each for each in observations if isinstance(each, kind)]
        return list({tuple(getattr(each, name) for name in names): each for each in found}.values())

    abouts = [each for each in observations if isinstance(each, seen.About)]
    about = abouts[0] if abouts else None
    seed = about.seed if about else 0
    loads = [each for each in observations if isinstance(each, seen.Load) and each.purpose == "curve"]
    capacities = only(seen.Capacity, "round", "arm", "signed")
    costs = only(seen.Cost, "round", "arm", "signed")
    footprints = only(seen.Footprint, "round", "arm")
    shares = sorted({percent(each.signed) for kind in (capacities, costs, loads) for each in kind})
    arms = {each.arm for kind in (loads, capacities, costs, footprints) for each in kind}

    def measured(
        found: Iterable[Any], value: Callable[[Any], float], width: float = ONE_ROUND
    ) -> dict[str, Measured]:
        return _compare(in_order(_by_round(found, value)), "0", 0.0, width, seed)

    paces = [each.pace_ms for each in observations if isinstance(each, seen.Load) and each.pace_ms]
    usual = median(paces) if paces else None

    def paced_programs(each: seen.Cost) -> dict[str, float]:
        slowness = each.pace_ms / usual if each.pace_ms and usual else 1.0
        return {name: cpu / slowness for name, cpu in each.cpu_us.items()}

    capacity, beside_cache = {}, {}
    for share in shares:
        here = [each for each in capacities if percent(each.signed) == share]
        bounded = {each.arm for each in here if each.limited_by == "generator"}
        rates = in_order(_by_round(here, lambda each: each.per_second))
        if rates:
            capacity[share] = _bound(_compare(rates, "0", LEAST_DIFFERENCE, ONE_SEARCH, seed), "0", bounded)
        if {"0 cached", "3"} <= rates.keys():
            compared = _compare(rates, "0 cached", LEAST_DIFFERENCE, ONE_SEARCH, seed)
            beside_cache[share] = _bound(compared, "0 cached", bounded)["3"]
    lags = only(seen.Lag, "round", "arm", "what")
    scalings = only(seen.Scaling, "round", "arm", "replicas")
    return Summary(
        about=about,
        commits=sorted({each.commit for each in abouts}),
        arms=in_order(dict.fromkeys(arms, None), list),
        shares=shares,
        rounds=len({each.round for kind in (capacities, costs) for each in kind}),
        capacity=capacity,
        beside_cache=beside_cache,
        cpu_us=_by_share(
            costs, shares, lambda here: measured(here, lambda each: sum(paced_programs(each).values()))
        ),
        cpu_by_program=_by_share(
            costs, shares, lambda here: _programs((each.arm, paced_programs(each)) for each in here)
        ),
        memory=measured(footprints, lambda each: sum(each.pss.values()), ONE_LOOK),
        memory_by_program=_programs((each.arm, each.pss) for each in footprints),
        start=measured(footprints, lambda each: each.start_seconds),
        idle_cpu={arm: fmean(each.idle_cpu for each in group) for arm, group in _groups(footprints).items()},
        processes={
            arm: round(median(each.processes for each in group)) for arm, group in _groups(footprints).items()
        },
        lag={arm: _lags(group) for arm, group in _groups(lags).items()},
        curves=_by_share(
            loads, shares, lambda here: {arm: _curve(group) for arm, group in _groups(here).items()}
        ),
        trials=len(loads),
        void=[
            f"{name_of(each.arm)}, {percent(each.signed)} % signed in, {each.rate:,.0f}/s: {each.void}"
            for each in loads
            if each.void
        ],
        pace=PaceFigures(usual, *(_quantile(paces, share) / usual for share in (0.05, 0.95)))
        if usual
        else None,
        waiting=_sorted(only(seen.Waiting, "arm", "what")),
        scaling={
            arm: scaled for arm, group in _groups(scalings).items() if (scaled := _scaled(group, seed)).points
        },
        scaling_left_out=[each for each in scalings if not each.fits],
        hot_verb=_sorted(only(seen.HotVerb, "arm")),
        blast=_sorted(only(seen.Blast, "arm", "part")),
        rollout=_sorted(only(seen.Rollout, "arm", "how")),
        storage=_sorted(only(seen.Storage, "arm")),
        size=_sorted(only(seen.Size, "arm")),
        wish=_sorted(only(seen.Wish, "arm")),
        equality=_sorted(only(seen.Equality, "arm")),
        instrument=next(iter(only(seen.Instrument)), None),
        skipped=only(seen.Skipped, "what", "arm"),
    )


def percent(share: float) -> int:
    """Return a share in whole percents."""
    return round(share * 100)


def in_order(arms: dict[str, Any], kind: Callable[[Any], Any] = dict) -> Any:
    """Return the arms in the order of the steps."""
    known = sorted(arms, key=_rank)
    return known if kind is list else {arm: arms[arm] for arm in known}


def _rank(arm: str) -> tuple[int, str]:
    return (ARMS.index(arm) if arm in ARMS else len(ARMS), arm)


def _sorted(found: list[Kind]) -> list[Kind]:
    return sorted(found, key=lambda each: _rank(each.arm))  # type: ignore[attr-defined]


def _groups(found: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for each in found:
        groups.setdefault(each.arm, []).append(each)
    ordered: dict[str, list[Any]] = in_order(groups)
    return ordered


def _by_round(found: Iterable[Any], value: Callable[[Any], float]) -> dict[str, dict[int, float]]:
    """Return a figure of each observation by arm and round."""
    by_arm: dict[str, dict[int, float]] = {}
    for each in found:
        by_arm.setdefault(each.arm, {})[each.round] = value(each)
    return by_arm


def _by_share(found: Sequence[Any], shares: list[int], figure: Callable[[list[Any]], Any]) -> dict[int, Any]:
    by_share = {share: figure([each for each in found if percent(each.signed) == share]) for share in shares}
    return {share: figures for share, figures in by_share.items() if figures}


def _compare(
    by_arm: dict[str, dict[int, float]], base: str, least: float, width: float, seed: int
) -> dict[str, Measured]:
    """Return each arm's figure and its ratio to `base`; step 0 against itself limits what counts. The ratio
    of one round may be wrong by the factor `width`.

    Step 0 is measured twice, so that other arms are compared with the mean of both.
    """
    own = by_arm.get(base, {})
    both = _means(own, by_arm.get("0 again", {})) if base == "0" else own
    ratios = {
        arm: _ratio(rounds, own if arm in (base, "0 again") else both, seed, width)
        for arm, rounds in by_arm.items()
    }
    again = _ratio(by_arm.get("0 again", {}), by_arm.get("0", {}), seed, width)
    found = {}
    for arm, rounds in by_arm.items():
        ratio = ratios[arm]
        if arm == base:
            finding: Finding = "reference"
        elif arm == "0 again":
            finding = "again"
        elif ratio is None or again is None or again.middle == 0:
            finding = "unchecked"
        elif ratio.middle == 0:
            finding = "less"
        else:
            few = min(ratio.rounds, again.rounds) < FEW_ROUNDS
            counts = differs(ratio, _widened(again, max(least, LEAST_DIFFERENCE if few else 0.0)))
            finding = "alike" if not counts else "more" if ratio.middle > 1 else "less"
        found[arm] = Measured(interval([*rounds.values()]), ratio, finding)
    return found


def _means(rounds: dict[int, float], others: dict[int, float]) -> dict[int, float]:
    """Return the geometric mean by round, the only figure where there is one."""
    return {
        each: sqrt(figure * others[each]) if others.get(each, 0) > 0 else figure
        for each, figure in rounds.items()
    }


def _ratio(rounds: dict[int, float], base: dict[int, float], seed: int, width: float) -> Interval | None:
    """Return the ratio in the rounds that both have; 0 for an arm that never keeps the objective. That of one
    round may be wrong by the factor `width`.
    """
    both = sorted(rounds.keys() & base.keys())
    ours, theirs = [rounds[each] for each in both], [base[each] for each in both]
    if not both or min(theirs) <= 0 or (min(ours) <= 0 < max(ours)):
        return None
    if max(ours) <= 0:
        return Interval(0, 0, 0, len(both))
    found = ratio_interval(ours, theirs, seed)
    if len(both) > 1:
        return found
    return Interval(found.middle, found.middle / width, found.middle * width, 1)


def _widened(again: Interval, least: float) -> Interval:
    low, high = (again.low, again.high) if again.rounds > 1 else (again.middle, again.middle)
    return Interval(again.middle, min(low, 1 / (1 + least)), max(high, 1 + least), again.rounds)


def _bound(found: dict[str, Measured], base: str, bounded: set[str]) -> dict[str, Measured]:
    """Return the figures with a sign where the generator could not send more, and without what this makes
    unsure.
    """
    result = {}
    for arm, each in found.items():
        finding = each.finding
        unsure = (arm in bounded and finding != "more") or (base in bounded and finding != "less")
        if unsure and finding not in ("reference", "again"):
            finding = "unchecked"
        ratio_bound = "" if (arm in bounded) is (base in bounded) else "≥ " if arm in bounded else "≤ "
        result[arm] = Measured(each.value, each.ratio, finding, "≥ " if arm in bounded else "", ratio_bound)
    return result


def _programs(found: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Return the mean over the rounds by arm and program, the largest first."""
    by_arm: dict[str, list[dict[str, float]]] = {}
    for arm, programs in found:
        by_arm.setdefault(arm, []).append(programs)
    means = {}
    for arm, rounds in by_arm.items():
        names = {name for each in rounds for name in each}
        mean = {name: fmean(each.get(name, 0.0) for each in rounds) for name in sorted(names)}
        means[arm] = dict(sorted(mean.items(), key=lambda item: -item[1]))
    ordered: dict[str, dict[str, float]] = in_order(means)
    return ordered


def _lags(group: list[seen.Lag]) -> dict[str, LagFigures]:
    by_what: dict[str, list[float]] = {}
    for each in group:
        by_what.setdefault(each.what, []).extend(each.seconds)
    return {
        what: LagFigures(_quantile(seconds, 0.5), _quantile(seconds, 0.99), len(seconds))
        for what, seconds in by_what.items()
        if seconds
    }


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[ceil(share * len(values)) - 1]


def _curve(group: list[seen.Load]) -> list[Point]:
    """Return the points of a curve: trials at almost the same rate are one. Void trials do not count."""
    bins: dict[int, list[seen.Load]] = {}
    for each in group:
        if not each.void and each.latency_ms and each.rate > 0:
            bins.setdefault(round(log(each.rate) / BIN), []).append(each)
    return [
        Point(
            rate=exp(fmean(log(each.rate) for each in near)),
            p50_ms=median(each.latency_ms["0.5"] for each in near),
            p99_ms=median(each.latency_ms["0.99"] for each in near),
            trials=len(near),
        )
        for _, near in sorted(bins.items())
    ]


def _scaled(group: list[seen.Scaling], seed: int) -> Scaled:
    rates: dict[int, list[float]] = {}
    for each in group:
        if each.fits and each.per_second is not None:
            rates.setdefault(each.replicas, []).append(each.per_second)
    points = [(replicas, fmean(found)) for replicas, found in sorted(rates.items())]
    try:
        usl = fit_usl([(replicas, rate) for replicas, found in rates.items() for rate in found], seed)
    except (ValueError, RuntimeError):
        usl = None
    return Scaled(points, any(each.saturated for each in group if each.fits), usl)
