"""How the figures mislead, and what others found: what a reader should know before quoting anything."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from statistics import fmean

from workshop.compare.report.numbers import figure
from workshop.compare.report.summary import FEW_ROUNDS, LEAST_DIFFERENCE, SERVICES, Measured, Summary, name_of
from workshop.compare.report.tables import Cell, Table
from workshop.compare.report.verdict import steps
from workshop.compare.system.stores import MEMORY

MOST_NAMED = 12
"""So many void trials are named, and the rest are in the raw data."""

ALWAYS = (
    "One machine: everything talks over the loopback interface. Between real hosts each leg of a request "
    "would cost more, and the steps with more legs would lose more.",
    "One mongod holds the databases of all services at steps 2 and 3. They share its cache, its CPU and "
    "its end. With a server for each service, they would need more memory and fail less together.",
    "The data are small and fit into memory, and the searched words repeat. Larger data make the database "
    "matter more, and the architecture less.",
    "All steps are Python. A faster language moves every capacity, and the cost of a leg weighs differently.",
    "Step 3's gateway caches what visitors get, and the load repeats popular requests. With fewer repeats "
    "or more writes the cache helps less; it never serves signed-in readers.",
    "The load is open: requests come at their rate whether responses do or not, as many independent people "
    "would send them. A closed loop waits for responses, and would show lower latencies above the capacity.",
    "A p99 comes from the slowest hundredth of some thousand requests of a trial, so from some tens. "
    "Single points of the curves are rough; trust their order over several rates.",
    "Two searches for one capacity differ by about 10 %. No smaller difference of capacities is claimed, "
    "whatever the interval says.",
    "People and organisations are not in any figure: who deploys when, and who waits for whom.",
)


def misleads(summary: Summary) -> list[str]:
    """Return what limits this run, and then what limits every run."""
    found = []
    about = summary.about
    if about is None:
        found.append("The first line of the run is missing: machine and parameters are not known.")
    else:
        found += _of_machine(summary, float(about.machine.get("cores") or 0), about.system_cores, about.limit)
        if about.quick:
            found.append(
                "This is a quick run. It has one share of signed-in readers and few rates. Only the full "
                "run has the other shares, repeated rounds and thus intervals, replicas, lost parts, "
                "rollouts and the hot verb."
            )
    if len(summary.commits) > 1:
        found.append(
            "Parts of this run are from different commits: "
            f"{', '.join(each[:12] for each in summary.commits)}."
        )
    if summary.rounds < FEW_ROUNDS:
        least = "a third" if summary.rounds < 2 else "10 %"
        rounds = f"{summary.rounds} round{'s' if summary.rounds != 1 else ''}"
        found.append(
            f"There {'were' if summary.rounds != 1 else 'was'} only {rounds}. Intervals are the range of "
            f"the rounds and no confidence intervals, and no difference below {least} is claimed."
        )
    if summary.rounds >= FEW_ROUNDS and any(each.value.rounds == 1 for each in summary.memory.values()):
        found.append(
            "CPU time of a request, memory and start-up were measured once for each architecture, alone. No "
            "difference below a third is claimed of CPU time and start-up, and none below a sixth of memory."
        )
    if "0 again" not in summary.arms:
        found.append("Step 0 was not measured against itself, so no difference is claimed.")
    if summary.pace is not None:
        found.append(
            f"The machine's own pace: a fixed piece of work took {summary.pace.low:.2f} to "
            f"{summary.pace.high:.2f} times its usual CPU time during nine of ten trials. CPU times are "
            "scaled to the usual pace, by the pace during their own trials; capacities and raw data are not."
        )
    if summary.about is not None and summary.about.stores == MEMORY:
        found.append(_stores(summary.about.sync_ms))
    found.append(_void(summary))
    different = [name_of(each.arm) for each in summary.equality if each.different]
    if different:
        found.append(f"Not all responses were the same as step 0's: {', '.join(different)}. See the method.")
    found += [
        f"Not measured: {each.what}{f' at {name_of(each.arm)}' if each.arm else ''}. "
        f"{each.reason.rstrip('.')}."
        for each in summary.skipped
    ]
    return [*found, *ALWAYS]


def _of_machine(summary: Summary, cores: float, system_cores: float, limit: str) -> list[str]:
    found = []
    if cores == 1:
        found.append("The machine has one core, which system and generator share: capacities are too low.")
    elif cores:
        found.append(
            f"The generator runs beside the system, on the same {cores:g} cores: the system has "
            f"{system_cores:g} of them. They share caches, memory and the kernel."
        )
    if limit == "affinity":
        found.append(
            "The system is held to its cores by affinity, not by a quota: the curves show this machine as "
            "much as the steps."
        )
    return found


def _stores(sync_ms: dict[str, float] | None) -> str:
    """Return what it means that stores are in memory."""
    disk = (
        f" When the run began, it took {sync_ms['0.5']:.1f} ms (p50) to {sync_ms['max']:.1f} ms."
        if sync_ms
        else ""
    )
    return (
        "The stores were in memory: a shared disk's pace changes too much. On a disk an acknowledged write "
        f"waits until it is stored for good, at step 3 several times: the write, its event, and views.{disk} "
        'With ARGS="--on-disk" stores are on the disk.'
    )


def _void(summary: Summary) -> str:
    if not summary.trials:
        return "No trial of a curve was made."
    if not summary.void:
        return f"Of {summary.trials:,} trials none was void."
    named = "; ".join(summary.void[:MOST_NAMED])
    rest = f"; and {len(summary.void) - MOST_NAMED} more" if len(summary.void) > MOST_NAMED else ""
    are = "was void and does" if len(summary.void) == 1 else "were void and do"
    return f"Of {summary.trials:,} trials {len(summary.void)} {are} not count: {named}{rest}."


@dataclass(frozen=True)
class Reported:
    """A result of others. `ours` returns what this run found, and which part of it agrees, or None."""

    who: str
    where: str
    what: str
    ours: Callable[[Summary], tuple[str, float] | None]


def others(summary: Summary) -> Table:
    """Return what others report beside what this run found."""
    rows = []
    for each in REPORTED:
        ours = each.ours(summary)
        if ours is None:
            seen = Cell("not measured")
        else:
            text, part = ours
            seen = Cell("agrees" if part == 1 else "agrees in part" if part >= 0.5 else "differs", text)
        rows.append([Cell(each.who, each.where), Cell(each.what), seen])
    return Table(
        "Results of others, as reported in abstracts or reviews, beside this run",
        ["who", "as reported", "this run"],
        rows,
        ["“Agrees” is about the direction. Other applications, machines and loads give other sizes."],
    )


def _compared(summary: Summary, arms: tuple[str, ...]) -> list[tuple[int, str, Measured]]:
    """Return the capacities that were compared with step 0's."""
    return [
        (share, arm, found[arm])
        for share, found in summary.capacity.items()
        for arm in arms
        if arm in found and found[arm].finding in ("more", "less", "alike") and found[arm].ratio
    ]


def _lowest(summary: Summary, arms: tuple[str, ...]) -> tuple[str, float] | None:
    compared = _compared(summary, arms)
    if not compared:
        return None
    share, arm, each = min(compared, key=lambda item: item[2].ratio.middle if item[2].ratio else inf)
    ratio = figure(each.ratio.middle) if each.ratio else "?"
    return (
        f"the lowest capacity is {name_of(arm)}'s with {share} % signed in: {ratio} of step 0's",
        each.finding == "less",
    )


def _nearly_always(arms: tuple[str, ...]) -> Callable[[Summary], tuple[str, float] | None]:
    def ours(summary: Summary) -> tuple[str, float] | None:
        compared = _compared(summary, arms)
        if not compared:
            return None
        ahead = sum(each.finding == "less" for _, _, each in compared)
        text = f"step 0 has more capacity than {steps(arms)} in {ahead} of {len(compared)} comparisons"
        return text, ahead / len(compared)

    return ours


def _event_driven(summary: Summary) -> tuple[str, float] | None:
    """Compare step 3 in memory, response time and throughput; it has a cache, so with signed-in readers."""
    share = max(summary.capacity, default=None)
    found = [summary.memory.get("3"), summary.capacity[share].get("3") if share is not None else None]
    memory, capacity = found
    if memory is None or capacity is None or share is None or memory.ratio is None or capacity.ratio is None:
        return None
    if "unchecked" in (memory.finding, capacity.finding):
        return None
    curves = summary.curves.get(share, {})
    times = [curves[arm][0].p50_ms for arm in ("0", "3") if curves.get(arm)]
    latency = (
        f", p50 at their lowest rates {figure(times[0])} and {figure(times[1])} ms at steps 0 and 3"
        if len(times) == 2
        else ""
    )
    text = (
        f"step 3 has {figure(memory.ratio.middle)} times step 0's memory, and with {share} % signed in "
        f"{figure(capacity.ratio.middle)} times its capacity{latency}"
    )
    longer = times[1] / times[0] if len(times) == 2 else 1.0
    slower = 1.0 if longer > 1 + LEAST_DIFFERENCE else 0.0 if longer < 1 / (1 + LEAST_DIFFERENCE) else 0.5
    return text, fmean([memory.finding == "more", capacity.finding == "less", slower])


def _first_split(summary: Summary) -> tuple[str, float] | None:
    compared = _compared(summary, ("1",))
    if not compared:
        return None
    each = [f"{figure(one.ratio.middle)} with {share} % signed in" for share, _, one in compared if one.ratio]
    text = f"step 1, our nearest to it, has of step 0's capacity {', '.join(each)}"
    return text, fmean(one.finding == "less" for _, _, one in compared)


REPORTED = (
    Reported(
        "Ueda et al.",
        "IISWC 2016",
        "Acme Air: microservices up to 79 % lower in throughput on the same hardware",
        lambda summary: _lowest(summary, SERVICES),
    ),
    Reported(
        "Al-Debagy and Martinek",
        "CINTI 2018",
        "the monolith has 6 % more throughput under concurrency",
        _nearly_always(("2",)),
    ),
    Reported(
        "Blinowski et al.",
        "IEEE Access 2022",
        "the monolith is better on one machine; scaling up is cheaper than out (which we do not compare)",
        _nearly_always(SERVICES),
    ),
    Reported(
        "Okrój and Jatkiewicz",
        "SAC 2023",
        "the monolith is ahead nearly always",
        _nearly_always(("1", "2", "3")),
    ),
    Reported(
        "Cabane and Farias",
        "FGCS 2024",
        "the monolith is ahead of event-driven services in memory, response time and throughput",
        _event_driven,
    ),
    Reported("Faustino et al.", "2022", "the cost is there at the modular monolith already", _first_split),
)
