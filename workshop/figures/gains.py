"""Names of what the steps buy: what hangs, lost parts, rollouts, growth, and a new wish."""

from collections.abc import Iterator

from workshop.compare.observations import Blast
from workshop.compare.report.numbers import milliseconds, per_second, percentage
from workshop.compare.report.summary import name_of
from workshop.compare.report.verdict import hanging, kept, total_losses
from workshop.figures.costs import SUBJECTS
from workshop.figures.figure import Figure, Run


def figures(run: Run) -> Iterator[Figure]:
    """Yield the figures of a run."""
    yield from _hanging(run)
    yield from _losses(run)
    yield from _rollouts(run)
    yield from _growth(run)
    for each in run["wish"]:
        for kind in ("new", "changed"):
            about = f"{kind} files for a part that acts on likes, {name_of(each['arm'])}"
            yield Figure(f"wish-{kind}-files-{SUBJECTS[each['arm']]}", str(len(each[kind])), about)


def _hanging(run: Run) -> Iterator[Figure]:
    """Yield what is left of the goodput of each verb, and its latency, while a dependency hangs."""
    for each in run["waiting"]:
        subject, what = SUBJECTS[each["arm"]], each["what"]
        where = f"while {hanging(what)} hangs for {each['hang_seconds']:g} s, {name_of(each['arm'])}"
        part = kept(each["calm"], each["hung"], what)
        if part is not None:
            about = f"goodput that the other verbs keep {where}"
            yield Figure(f"hanging-{what}-others-{subject}", percentage(min(part, 1)), about)
        for verb, calm in each["calm"].items():
            keeps = percentage(min(each["hung"].get(verb, 0.0) / calm, 1))
            yield Figure(f"hanging-{what}-{verb}-{subject}", keeps, f"goodput that {verb} keeps {where}")
            before, during = (each[f"{when}_p99_ms"].get(verb) for when in ("calm", "hung"))
            yield Figure(
                f"hanging-{what}-{verb}-p99-{subject}", milliseconds(during), f"p99 of {verb} {where}"
            )
            about = f"p99 of {verb} just before {hanging(what)} hangs, {name_of(each['arm'])}"
            yield Figure(f"calm-{what}-{verb}-p99-{subject}", milliseconds(before), about)


def _losses(run: Run) -> Iterator[Figure]:
    """Yield what stops when a part is killed: which parts stop all, and for each how many verbs, how long."""
    killed = [Blast(**each) for each in run["blast"]]
    for arm in dict.fromkeys(each.arm for each in killed):
        if lost := total_losses(killed, arm):
            fatal, parts = lost
            about = f"parts whose loss degrades every verb, {name_of(arm)}"
            yield Figure(f"fatal-parts-{SUBJECTS[arm]}", str(fatal), about)
            yield Figure(f"parts-{SUBJECTS[arm]}", str(parts), f"parts that were killed, {name_of(arm)}")
    for each in killed:
        times = [*each.degraded.values()]
        where = f"when {each.part} is killed, {name_of(each.arm)}"
        name = f"lost-{each.part}-{{}}-{SUBJECTS[each.arm]}"
        degraded = sum(seconds != 0 for seconds in times)
        yield Figure(name.format("verbs"), f"{degraded} of {len(times)}", f"verbs that are degraded {where}")
        known = [seconds for seconds in times if seconds is not None]
        if len(known) == len(times):
            longest = f"{max(known, default=0):g} s"
            yield Figure(name.format("longest"), longest, f"how long the slowest verb is degraded {where}")


def _rollouts(run: Run) -> Iterator[Figure]:
    for each in run["rollout"]:
        name = f"rollout-{each['how'].replace(' ', '-')}-{{}}-{SUBJECTS[each['arm']]}"
        where = f"in a rollout of search ({each['how']}), {name_of(each['arm'])}"
        refused = f"{each['refused']:,} of {each['sent']:,}"
        yield Figure(name.format("refused"), refused, f"requests refused {where}")
        longest = milliseconds(each["longest_ms"])
        yield Figure(name.format("longest"), longest, f"longest wait {where}")
        yield Figure(name.format("took"), f"{each['seconds']:.1f} s", f"time it took {where}")


def _growth(run: Run) -> Iterator[Figure]:
    """Yield what must be added when only search grows tenfold, and what replicas of search carry."""
    for each in run["hot_verb"]:
        subject, where = SUBJECTS[each["arm"]], f"when only search grows tenfold, {name_of(each['arm'])}"
        yield Figure(f"growth-added-{subject}", each["added"], f"what must be added {where}")
        if each["added_bytes"] is not None:
            added = f"{each['added_bytes'] / 1e6:,.0f} MB"
            yield Figure(f"growth-memory-{subject}", added, f"memory added {where}")
    for arm, scaled in run["scaling"].items():
        for replicas, rate in scaled["points"]:
            about = (
                f"searches a second with {replicas} replica{'s' * (replicas > 1)} of search, {name_of(arm)}"
            )
            yield Figure(f"replicas-{replicas}-{SUBJECTS[arm]}", per_second(rate), about)
