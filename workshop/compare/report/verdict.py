"""The verdict: three sentences, made from the figures and right for whatever they are.

A difference is claimed only if step 0 does not show it against itself. What was not measured is said to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from workshop.compare.observations import Blast
from workshop.compare.report.numbers import figure, percentage
from workshop.compare.report.summary import SERVICES, LagFigures, Measured, Summary

STEPS = ("1", "2", "3")
HANGING = {"mail": "share", "images": "image"}
"""The verb that itself uses what hangs."""
LEAST_KEPT = 0.05
"""Shares of goodput that are closer than this are the same."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of the verdict; `topic` stands in bold before it."""

    topic: str
    text: str


def verdict(summary: Summary) -> list[Sentence]:
    """Return what the run found about signed-in readers, about visitors, and about what the services buy."""
    return [_signed_in(summary), _visitors(summary), _bought(summary)]


def signed_share(summary: Summary) -> int | None:
    """Return the greatest share of signed-in readers with a capacity."""
    return max((share for share in summary.capacity if share > 0), default=None)


def times(found: Measured) -> str:
    """Return a ratio to step 0 for a sentence."""
    if found.ratio is None:
        return "an unknown number of"
    bound = {"≥ ": "at least ", "≤ ": "at most "}.get(found.ratio_bound, "")
    return f"{bound}{figure(found.ratio.middle)}"


def mean_of_rows(capacities: Sequence[float]) -> float:
    """Return step 0's capacity from those of its two rows, the second of which is A/A."""
    return geometric_mean(capacities) if min(capacities) > 0 else capacities[0]


def listed(items: Sequence[str]) -> str:
    """Return items as a sentence lists them."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def steps(arms: Sequence[str]) -> str:
    """Return "step 1", or "steps 1 and 2"."""
    return f"step{'s' if len(arms) > 1 else ''} {listed(arms)}"


def _signed_in(summary: Summary) -> Sentence:
    share = signed_share(summary)
    if share is None:
        return Sentence("Signed-in readers", f"not measured in this run{_cheapest(summary, None)}.")
    topic = "Signed-in readers" if share == 100 else f"With {share} % of the requests by signed-in readers"
    found = summary.capacity[share]
    text = _capacities(found, summary)
    step3 = found.get("3")
    if share < 100 and step3 and step3.finding == "more":
        text += f"; the other {100 - share} % are visitors' requests, which step 3's cache may answer"
    return Sentence(topic, f"{text}{_cheapest(summary, share)}.")


def _capacities(found: dict[str, Measured], summary: Summary) -> str:
    """Return the clauses about steps 1 to 3 beside step 0."""
    base = found.get("0")
    if base is None:
        return "no step is compared, as step 0's capacity was not measured"
    rows = [found[arm].value.middle for arm in ("0", "0 again") if arm in found]
    own = f"{base.bound}{mean_of_rows(rows):,.0f} requests a second"
    present = [arm for arm in STEPS if arm in found]
    if not present:
        return f"the monolith carries {own}, and no other step was measured"
    if base.value.middle <= 0:
        return "the monolith kept the objective at no rate, so there is nothing to compare with"
    more, less, alike, unchecked = (
        [arm for arm in present if found[arm].finding == finding]
        for finding in ("more", "less", "alike", "unchecked")
    )
    clauses = []
    if more:
        clauses.append(
            f"{steps(more)} {_verb('carr', more)} more than the monolith, {_as_many(found, more)} times "
            f"its {own}"
        )
        if less:
            clauses.append(f"{steps(less)} {_verb('carr', less)} less, {_as_many(found, less)} times as many")
    elif less:
        most = "" if alike or unchecked else "the most, "
        clauses.append(
            f"the monolith carries {most}{own}, and {steps(less)} {_verb('carr', less)} "
            f"{_as_many(found, less)} times as many"
        )
    else:
        clauses.append(f"the monolith carries {own}")
    if alike:
        rounds = max(found[arm].value.rounds for arm in alike)
        why = "within A/A" if rounds > 1 else "one round shows no difference below a third"
        clauses.append(f"{steps(alike)} cannot be told apart from the monolith ({why})")
    if unchecked:
        clauses.append(_unclaimed(found, unchecked))
    missing = [arm for arm in STEPS if arm not in found and arm in summary.arms]
    if missing:
        clauses.append(f"the capacity of {steps(missing)} was not measured")
    return "; ".join(clauses)


def _unclaimed(found: dict[str, Measured], arms: list[str]) -> str:
    seen = f"{steps(arms)} showed {_as_many(found, arms)} times as many"
    if "0 again" not in found:
        return f"{seen}, which is not claimed as step 0 was not measured against itself"
    return f"{seen}, which is not claimed as the generator or the objective set the limit"


def _as_many(found: dict[str, Measured], arms: Sequence[str]) -> str:
    return listed([times(found[arm]) for arm in arms])


def _verb(stem: str, arms: Sequence[str]) -> str:
    return f"{stem}y" if len(arms) > 1 else f"{stem}ies"


def _cheapest(summary: Summary, share: int | None) -> str:
    """Return the clause about costs where step 0 is the lowest, and where another step is."""
    lowest, beaten = [], []
    cpu = summary.cpu_us.get(share) if share is not None else next(iter(summary.cpu_us.values()), None)
    for name, figures in (
        ("CPU a request", cpu),
        ("memory", summary.memory),
        ("time to start", summary.start),
    ):
        present = [arm for arm in STEPS if figures and arm in figures]
        findings = [figures[arm].finding for arm in present] if figures else []
        if findings and all(each == "more" for each in findings):
            lowest.append(name)
        beaten += [
            f"{name} is lower at {steps([arm])}"
            for arm in present
            if figures and figures[arm].finding == "less"
        ]
    counts: list[tuple[str, dict[str, int]]] = [
        ("processes", summary.processes),
        ("lines of code to read", {each.arm: each.lines for each in summary.size}),
    ]
    for name, numbers in counts:
        others = [numbers[arm] for arm in STEPS if arm in numbers]
        if others and "0" in numbers and numbers["0"] < min(others):
            lowest.append(name)
    text = f"; the monolith is the lowest in {listed(lowest)}" if lowest else ""
    return f"{text}; {listed(beaten)}" if beaten else text


def _visitors(summary: Summary) -> Sentence:
    topic = "Visitors"
    found = summary.capacity.get(0)
    if found is None:
        return Sentence(topic, "visitors alone were not measured in this run.")
    text = _capacities(found, summary)
    step3 = found.get("3")
    if step3 is None or step3.ratio is None:
        return Sentence(topic, f"{text}.")
    if step3.finding == "unchecked":
        cache = "; step 3's figure comes with its cache, which never serves signed-in readers"
        return Sentence(topic, f"{text}{cache if step3.ratio.middle > 1 else ''}.")
    if step3.finding != "more":
        return Sentence(
            topic, f"{text}; step 3's cache, which serves visitors only, does not lift it above the monolith."
        )
    return Sentence(topic, f"{text}; {_cache(summary, found)}.")


def _cache(summary: Summary, found: dict[str, Measured]) -> str:
    """Return the clause about what step 3's win with visitors is: its cache."""
    cached, beside = found.get("0 cached"), summary.beside_cache.get(0)
    if cached is None or beside is None:
        return (
            "step 3's win is with a cache, which never serves signed-in readers, and the monolith behind "
            "such a cache was not measured"
        )
    without = summary.capacity.get(100, {}).get("3")
    wins_by_it = without is not None and without.finding in ("less", "alike")
    win = "is its cache" if wins_by_it else "comes with its cache"
    start = f"step 3's win {win}, which never serves signed-in readers: the monolith behind a cache"
    rate = f"{cached.bound}{cached.value.middle:,.0f} a second"
    if beside.finding == "less":
        return f"{start} carries {rate}, and step 3 {times(beside)} times as many"
    if beside.finding == "alike":
        return f"{start} carries {rate}, which cannot be told apart from step 3"
    if beside.finding == "more":
        gain = rate if cached.finding == "more" else "no more than without"
        return f"{start} carries {gain}, and step 3 {times(beside)} times as many"
    return f"{start} showed {rate}, and which of the two carries more is not claimed"


@dataclass(frozen=True)
class Purchase:
    """Something that services are said to buy: the figure of each arm, higher is better."""

    name: str
    values: dict[str, float]
    shown: dict[str, str]
    least: float
    """A difference that is not larger does not count."""


def purchases(summary: Summary) -> list[Purchase]:
    """Return what was measured of waiting, of lost parts, and of rollouts."""
    return [*_waiting(summary), *_blast(summary), *_rollout(summary)]


def kept(calm: dict[str, float], hung: dict[str, float], what: str) -> float | None:
    """Return which part of their goodput the other verbs keep while a dependency hangs."""
    others = [verb for verb in calm if verb != HANGING.get(what)]
    total = sum(calm[verb] for verb in others)
    return sum(hung.get(verb, 0.0) for verb in others) / total if total > 0 else None


def hanging(what: str) -> str:
    """Return how a sentence calls a dependency that hangs."""
    return "the host of images" if what == "images" else what


def _waiting(summary: Summary) -> list[Purchase]:
    found = []
    for what in dict.fromkeys(each.what for each in summary.waiting):
        values = {
            each.arm: part
            for each in summary.waiting
            if each.what == what and (part := kept(each.calm, each.hung, what)) is not None
        }
        shown = {arm: percentage(min(part, 1)) for arm, part in values.items()}
        name = f"goodput of the other verbs while {hanging(what)} hangs"
        found.append(Purchase(name, values, shown, max(LEAST_KEPT, _aa_difference(values))))
    return found


def total_losses(killed: Sequence[Blast], arm: str) -> tuple[int, int] | None:
    """Return how many parts take every verb with them when they are killed, and how many were killed."""
    parts = [each for each in killed if each.arm == arm and each.degraded]
    if not parts:
        return None
    return sum(all(seconds != 0 for seconds in each.degraded.values()) for each in parts), len(parts)


def _blast(summary: Summary) -> list[Purchase]:
    losses = {arm: lost for arm in ("0", *STEPS) if (lost := total_losses(summary.blast, arm))}
    if not losses:
        return []
    values = {arm: 1 - lost / parts for arm, (lost, parts) in losses.items()}
    shown = {arm: f"{lost} of {parts}" for arm, (lost, parts) in losses.items()}
    return [Purchase("parts whose loss stops every verb", values, shown, 0.0)]


def _rollout(summary: Summary) -> list[Purchase]:
    rollouts = [each for each in summary.rollout if each.sent > 0]
    if not rollouts:
        return []
    values = {each.arm: -each.refused / each.sent for each in rollouts}
    shown = {each.arm: f"{each.refused:,} of {each.sent:,}" for each in rollouts}
    return [Purchase("requests refused in a rollout of search", values, shown, _aa_difference(values))]


def _aa_difference(values: dict[str, float]) -> float:
    return abs(values["0 again"] - values["0"]) if {"0", "0 again"} <= values.keys() else 0.0


def _bought(summary: Summary) -> Sentence:
    topic = "What services buy"
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in purchases(summary):
        services = [arm for arm in SERVICES if arm in each.values]
        if "0" not in each.values or not services:
            continue
        better = tuple(arm for arm in services if each.values[arm] - each.values["0"] > each.least)
        shown = " and ".join(each.shown[arm] for arm in services)
        who = "" if better == tuple(services) else f" at {steps(services)}"
        groups.setdefault(better, []).append(f"{each.name} ({shown}{who}; step 0: {each.shown['0']})")
    if not groups:
        return Sentence(topic, "not measured in this run.")
    same = groups.pop((), [])
    clauses = [
        f"{steps(arms)} {'are' if len(arms) > 1 else 'is'} better than step 0 in {listed(found)}"
        for arms, found in sorted(groups.items(), key=lambda item: -len(item[0]))
    ]
    if same:
        clauses.append(f"{'no step' if not clauses else 'none'} is better than step 0 in {listed(same)}")
    return Sentence(topic, f"{'; '.join(clauses)}.")


def slowest_lag(lags: dict[str, LagFigures]) -> tuple[str, LagFigures] | None:
    """Return the kind of write that takes longest to be seen elsewhere."""
    return max(lags.items(), key=lambda item: item[1].p99, default=None)
