"""The tables of the report, as rows of cells that the page and the Markdown both render."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workshop.compare.report.numbers import NONE, duration, figure, milliseconds, per_second, percentage
from workshop.compare.report.summary import Measured, Summary, name_of
from workshop.compare.report.verdict import HANGING, hanging, kept, slowest_lag
from workshop.compare.statistics.bootstrap import Interval
from workshop.compare.statistics.usl import Usl

VERBS = ("search", "list", "recommend", "show", "tag", "like", "hide", "share", "image")
HEADLINE_SHARE = 20
TOO_GOOD = 1.1
"""So many times n times one replica is no accident of a few requests."""
"""CPU a request depends on the share of signed-in readers; the headline shows it at this one if it can."""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a smaller second line, and `better`, `worse`, `same` or nothing as its mark."""

    text: str
    detail: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows. `notes` stand below it."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=tuple)


def headline(summary: Summary) -> Table | None:
    """Return the one table that has the answer, with a row for each arm."""
    share = cpu_share(summary)
    columns = ["architecture", *(f"capacity, {each} % signed in" for each in summary.capacity)]
    if share is not None:
        columns.append(f"CPU a request, {share} % signed in")
    columns += ["memory", "processes", "start-up"] if summary.memory else []
    columns += ["lag of a write, p50 / p99"] if summary.lag else []
    if len(columns) == 1:
        return None
    rows = []
    for arm in summary.arms:
        row = [Cell(name_of(arm))]
        row += [_measured(found.get(arm), "{:,.0f}/s", more="better") for found in summary.capacity.values()]
        if share is not None:
            row.append(_measured(summary.cpu_us[share].get(arm), "{:,.0f} µs"))
        if summary.memory:
            row.append(_measured(summary.memory.get(arm), "{:,.0f} MB", 1e-6))
            row.append(Cell(str(summary.processes.get(arm, NONE))))
            row.append(_measured(summary.start.get(arm), "{:.1f} s"))
        if summary.lag:
            slowest = slowest_lag(summary.lag.get(arm, {}))
            row.append(Cell(f"{duration(slowest[1].p50)} / {duration(slowest[1].p99)}" if slowest else NONE))
        rows.append(row)
    slo_ms, slo_errors = (summary.about.slo_ms, summary.about.slo_errors) if summary.about else (100.0, 0.001)
    caption = (
        f"Capacity is the highest rate with p99 < {slo_ms:g} ms and errors < {100 * slo_errors:g} %. × is "
        "the ratio to step 0, with its 95 % interval in brackets."
    )
    notes = ["≈ 1: no difference larger than what step 0 shows against itself (A/A)."]
    if "0 again" not in summary.arms:
        notes = ["Step 0 was not measured against itself in this run, so no difference is claimed."]
    if any(each.bound for found in summary.capacity.values() for each in found.values()):
        notes.append("≥: the generator could not send more, so the capacity is higher.")
    notes.append("Bold figures differ from step 0's; green ones are better, orange ones worse.")
    return Table(caption, columns, rows, notes)


def cpu_share(summary: Summary) -> int | None:
    """Return the share of signed-in readers at which the headline shows the CPU time."""
    shares = [*summary.cpu_us]
    return HEADLINE_SHARE if HEADLINE_SHARE in shares else shares[-1] if shares else None


def cpu(summary: Summary) -> Table | None:
    """Return the CPU time of a request at each share of signed-in readers."""
    if not summary.cpu_us:
        return None
    rows = [
        [Cell(name_of(arm)), *(_measured(found.get(arm), "{:,.0f} µs") for found in summary.cpu_us.values())]
        for arm in summary.arms
        if any(arm in found for found in summary.cpu_us.values())
    ]
    columns = ["architecture", *(f"{share} % signed in" for share in summary.cpu_us)]
    note = "The time of all programs together, without what the idle system uses in the same time."
    return Table("CPU time of one request of the mix", columns, rows, [note])


def lag(summary: Summary) -> Table | None:
    """Return how long writes take until other clients see them."""
    rows = [
        [
            Cell(name_of(arm)),
            Cell(what),
            Cell(duration(each.p50)),
            Cell(duration(each.p99)),
            Cell(f"{each.count:,}"),
        ]
        for arm, kinds in summary.lag.items()
        for what, each in kinds.items()
    ]
    columns = ["architecture", "what", "p50", "p99", "writes"]
    caption = "Lag: from the response to a write until another client sees it"
    return Table(caption, columns, rows) if rows else None


def waiting(summary: Summary) -> list[Table]:
    """Return the goodput of each verb while a dependency hangs, a table for each dependency."""
    tables = []
    for what in dict.fromkeys(each.what for each in summary.waiting):
        found = [each for each in summary.waiting if each.what == what]
        verbs = _verbs(verb for each in found for verb in each.calm)
        rows = []
        for each in found:
            part = kept(each.calm, each.hung, what)
            row = [Cell(name_of(each.arm)), Cell(NONE if part is None else percentage(part))]
            for verb in verbs:
                calm, hung = each.calm.get(verb), each.hung.get(verb)
                detail = f"p99 {milliseconds(each.hung_p99_ms.get(verb))}"
                row.append(Cell(f"{per_second(calm)} → {per_second(hung)}", detail))
            rows.append(row)
        columns = ["architecture", "other verbs keep", *verbs]
        itself = HANGING.get(what, "")
        tables.append(
            Table(
                f"Good responses a second: calm → while {hanging(what)} hangs ({found[0].hang_seconds:g} s)",
                columns,
                rows,
                [f"“{itself}” is the verb that itself waits; p99 is while it hangs."]
                if itself in verbs
                else [],
            )
        )
    return tables


def blast(summary: Summary) -> Table | None:
    """Return for how many seconds each verb was degraded when a part was killed."""
    if not summary.blast:
        return None
    verbs = _verbs(verb for each in summary.blast for verb in each.degraded)
    rows = []
    for each in summary.blast:
        cells = [_degraded(each.degraded.get(verb, -1), verb in each.gaps) for verb in verbs]
        rows.append([Cell(f"{name_of(each.arm)}: {each.part}"), *cells])
    notes = [
        "0: not degraded. never: did not come back within the trial. gaps: responded, but left something out."
    ]
    caption = "Seconds for which each verb was degraded after one part was killed"
    return Table(caption, ["part", *verbs], rows, notes)


def rollout(summary: Summary) -> Table | None:
    """Return what a new version of search cost the clients."""
    rows = [
        [
            Cell(name_of(each.arm)), Cell(each.how), Cell(f"{each.refused:,} of {each.sent:,}"),
            Cell(milliseconds(each.longest_ms)), Cell(f"{each.seconds:.1f} s"),
        ]
        for each in summary.rollout
    ]  # fmt: skip
    columns = ["architecture", "how", "refused", "longest wait", "took"]
    return Table("A new version of search under load", columns, rows) if rows else None


def hot_verb(summary: Summary) -> Table | None:
    """Return what has to be added when only search grows."""
    rows = []
    for each in summary.hot_verb:
        added_cpu = NONE if each.added_cpu is None else f"{each.added_cpu:.2f}"
        added = NONE if each.added_bytes is None else f"{each.added_bytes / 1e6:,.0f} MB"
        holds = Cell("yes" if each.holds else "no", each.note, "better" if each.holds else "worse")
        rates = Cell(f"{each.before:,.0f}/s → {each.after:,.0f}/s")
        rows.append([Cell(name_of(each.arm)), rates, Cell(each.added), Cell(added_cpu), Cell(added), holds])
    columns = ["architecture", "all requests", "added", "cores", "memory", "objective holds"]
    return Table("Only search grows tenfold: what must be added", columns, rows) if rows else None


def scaling(summary: Summary) -> Table | None:
    """Return the capacity by replicas of search, and the law that fits."""
    if not summary.scaling:
        return None
    counts = sorted({replicas for each in summary.scaling.values() for replicas, _ in each.points})
    by_count = [points for each in summary.scaling.values() if 1 in (points := dict(each.points))]
    rows = []
    for arm, each in summary.scaling.items():
        points = dict(each.points)
        first = points.get(1)
        row = [Cell(name_of(arm), "saturated goodput" if each.saturated else "")]
        for count in counts:
            rate = points.get(count)
            gain = f"× {rate / first:.2f}" if rate is not None and first else ""
            row.append(Cell(f"{per_second(rate)}/s" if rate is not None else NONE, gain))
        row.append(_law_cell(each.usl))
        rows.append(row)
    columns = ["architecture", *(f"{count} replica{'s' * (count > 1)}" for count in counts), "fit (USL)"]
    notes = [
        f"Not measured, as it does not fit: {name_of(each.arm)} with {each.replicas} replicas "
        f"({each.cores:.2f} cores)."
        for each in {(each.arm, each.replicas): each for each in summary.scaling_left_out}.values()
    ]
    if any(rate > TOO_GOOD * count * points[1] for points in by_count for count, rate in points.items()):
        notes.append(
            "More than n times one replica is nothing that an architecture gives: the points are measured "
            "once, one after another, while the machine's own pace changes."
        )
    return Table(
        "Searches a second by replicas of search, each with the same CPU quota", columns, rows, notes
    )


def storage(summary: Summary) -> Table | None:
    """Return what posts and marks take on disk."""
    rows = [
        [Cell(name_of(each.arm)), _bytes_on_disk(each.post_bytes), _bytes_on_disk(each.mark_bytes)]
        for each in summary.storage
    ]
    notes = [
        "With indexes, all copies, and at step 3 events; after a checkpoint, as MongoDB compresses it; "
        "without MongoDB's own log of changes, whose size is set."
    ]
    columns = ["architecture", "a post", "a like or a tag"]
    return Table("Bytes on disk, in all stores of a step together", columns, rows, notes) if rows else None


def _bytes_on_disk(found: dict[str, float]) -> Cell:
    return Cell(
        f"{sum(found.values()):,.0f}", ", ".join(f"{name} {size:,.0f}" for name, size in found.items())
    )


def size(summary: Summary) -> Table | None:
    """Return how much code there is to read."""
    rows = [
        [
            Cell(name_of(each.arm)), Cell(f"{each.lines:,}"), Cell(f"{each.files:,}"),
            Cell(f"{each.own_lines:,}"), Cell(f"{each.own_files:,}"),
        ]
        for each in summary.size
    ]  # fmt: skip
    columns = ["architecture", "lines to read", "files", "lines of its own", "files of its own"]
    notes = [
        "Python and templates, without tests, comments and blank lines; with what it imports of other "
        "folders."
    ]
    return Table("The code that a reader must follow", columns, rows, notes) if rows else None


def wish(summary: Summary) -> Table | None:
    """Return how many files a new wish touches."""
    rows = [
        [Cell(name_of(each.arm)), _files(each.new), _files(each.changed), Cell(each.how)]
        for each in summary.wish
    ]
    columns = ["architecture", "new files", "changed files", "how"]
    caption = "A new part that does something whenever somebody likes a post"
    return Table(caption, columns, rows) if rows else None


def equality(summary: Summary) -> Table | None:
    """Return whether the steps give the same responses."""
    rows = [
        [
            Cell(name_of(each.arm)),
            Cell(f"{each.requests:,}"),
            Cell(str(len(each.different)), ", ".join(each.different[:3]), "worse" if each.different else ""),
        ]
        for each in summary.equality
    ]
    columns = ["architecture", "requests", "different responses"]
    return Table("The same requests, compared with step 0's responses", columns, rows) if rows else None


def instrument(summary: Summary) -> list[Table]:
    """Return what shows that the generator can measure."""
    found = summary.instrument
    if not found:
        return []
    null = [
        [
            Cell(f"{each['rate']:,.0f}/s"), Cell(f"{each['lateness_p99_ms']:.2f} ms"),
            Cell(f"{each['latency_p99_ms']:.2f} ms"), Cell(percentage(each["generator_cpu"])),
        ]
        for each in found.null
    ]  # fmt: skip
    tables = [
        Table(
            "The generator against a server that does nothing",
            ["rate", "lateness p99", "latency p99", "its CPU"],
            null,
            [
                f"Its limit is {found.limit:,.0f} requests a second: up to there lateness stayed within "
                "its bound."
            ],
        )
    ]
    checks = []
    if found.stall:
        rate = f"a server that stops for 1 s in 5, {found.stall['rate']:,.0f}/s: p99"
        closed = Cell(milliseconds(found.stall["closed_p99_ms"]), "a closed loop")
        checks.append([Cell(rate), Cell(milliseconds(found.stall["open_p99_ms"])), closed])
    if found.other:
        other = found.other
        by = f"{other['name']} {other['version']}"
        checks += [
            [
                Cell(f"the same load, {other['rate']:,.0f}/s: {quantile}"),
                Cell(milliseconds(other[f"our_{quantile}_ms"])),
                Cell(milliseconds(other[f"{quantile}_ms"]), by),
            ]
            for quantile in ("p50", "p99")
        ]
    notes = [] if found.other else ["There was no other generator on this machine to compare with."]
    if checks:
        tables.append(Table("The generator beside others", ["what", "ours", "the other"], checks, notes))
    return tables


def _measured(found: Measured | None, form: str, scale: float = 1.0, more: str = "worse") -> Cell:
    if found is None:
        return Cell(NONE)
    text = found.bound + form.format(found.value.middle * scale)
    if found.finding == "reference" or found.ratio is None:
        return Cell(text, _range(found.value, form, scale))
    ratio = f"× {found.ratio_bound}{figure(found.ratio.middle)}{brackets(found.ratio)}"
    if found.finding == "again":
        return Cell(text, ratio)
    if found.finding == "unchecked" or (found.finding == "alike" and found.value.rounds < 2):
        return Cell(text, f"{ratio}, not claimed")
    if found.finding == "alike":
        return Cell(text, f"≈ 1, within A/A{brackets(found.ratio)}")
    less = "worse" if more == "better" else "better"
    return Cell(text, ratio, more if found.finding == "more" else less)


def brackets(found: Interval) -> str:
    """Return an interval in brackets, or nothing if there is only one round."""
    return f" ({figure(found.low)}–{figure(found.high)})" if found.rounds > 1 else ""


def _range(found: Interval, form: str, scale: float) -> str:
    if found.rounds < 2:
        return "one round"
    low, high = (form.format(each * scale) for each in (found.low, found.high))
    return f"({low.split('/')[0].split(' ')[0]}–{high.split('/')[0].split(' ')[0]})"


def _verbs(found: Iterable[str]) -> list[str]:
    seen = dict.fromkeys(found)
    return sorted(seen, key=lambda verb: (VERBS.index(verb) if verb in VERBS else len(VERBS), verb))


def _degraded(seconds: float | None, has_gaps: bool) -> Cell:
    if seconds is None:
        return Cell("never", mark="worse")
    if seconds < 0:
        return Cell(NONE)
    if seconds == 0:
        return Cell("gaps", mark="worse") if has_gaps else Cell("0")
    return Cell(f"{seconds:.1f}", "gaps" if has_gaps else "", "worse")


def _files(names: list[str]) -> Cell:
    return Cell(str(len(names)), ", ".join(names[:4]) + (" …" if len(names) > 4 else ""))


def _law_cell(usl: Usl | None) -> Cell:
    if usl is None:
        return Cell("too few points")
    lines = []
    for name, value in (("contention", usl.contention), ("coherence", usl.coherence)):
        known = usl.intervals.get(name)
        lines.append(f"{name} {value:.3f}" + (f" ({known.low:.3f}–{known.high:.3f})" if known else ""))
    return Cell(lines[0], lines[1])
