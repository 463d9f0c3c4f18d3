"""What the report says, in its order; the page and the Markdown render it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from workshop.compare.report import caveats, plots, tables
from workshop.compare.report.summary import Summary, percent
from workshop.compare.report.svg import Plot
from workshop.compare.report.tables import Table
from workshop.compare.report.verdict import Sentence, verdict

ONLY = "Not measured in this run: `make compare{}` measures it."
RAW = "observations.jsonl"


@dataclass(frozen=True)
class Part:
    """A part of a section, under a heading of its own if `title` is not empty."""

    title: str
    text: Sequence[str] = field(default_factory=tuple)
    plots: Sequence[Plot] = field(default_factory=tuple)
    tables: Sequence[Table] = field(default_factory=tuple)


@dataclass(frozen=True)
class Section:
    """A section with its anchor and heading. `items` are a list of sentences."""

    anchor: str
    title: str
    text: Sequence[str] = field(default_factory=tuple)
    items: Sequence[str] = field(default_factory=tuple)
    parts: Sequence[Part] = field(default_factory=tuple)


@dataclass(frozen=True)
class Content:
    """The whole report."""

    title: str
    subtitle: str
    verdict: Sequence[Sentence]
    headline: Table | None
    sections: Sequence[Section]

    @property
    def plots(self) -> list[Plot]:
        """All plots, in their order."""
        return [plot for section in self.sections for part in section.parts for plot in part.plots]


def content(summary: Summary) -> Content:
    """Put the report together."""
    about = summary.about
    kind = "" if about is None else "Quick run" if about.quick else "Full run"
    subtitle = (
        f"{kind} of {about.date[:10]} on {_machine(summary)}, at commit {about.commit[:12]}"
        if about
        else "A run without its first line"
    )
    return Content(
        title="What each architecture costs and buys",
        subtitle=subtitle,
        verdict=verdict(summary),
        headline=tables.headline(summary),
        sections=[
            Section("costs", "What it costs", parts=_costs(summary)),
            Section("buys", "What it buys", parts=_buys(summary)),
            Section("misleads", "How this misleads", items=caveats.misleads(summary)),
            Section("others", "What others found", parts=[Part("", tables=[caveats.others(summary)])]),
            Section("instrument", "Can it measure?", parts=[_instrument(summary)]),
            Section(
                "method", "Method, machine and versions", items=_method(summary), parts=_equality(summary)
            ),
        ],
    )


def _part(title: str, only: str, plotted: list[Plot], tabled: Sequence[Table | None], *text: str) -> Part:
    """Return a part, or a line that says which command measures it."""
    present = [table for table in tabled if table]
    if not plotted and not present:
        return Part(title, [ONLY.format(only)])
    return Part(title, text, plotted, present)


def _costs(summary: Summary) -> list[Part]:
    return [
        _part(
            "Latency",
            ARGS.format("capacity"),
            plots.latency(summary),
            [],
            "A step keeps the objective as long as its curve stays below the line.",
        ),
        _part("Capacity", ARGS.format("capacity"), plots.capacity(summary), []),
        _part("CPU", ARGS.format("capacity"), plots.cpu(summary), [tables.cpu(summary)]),
        _part("Memory", ARGS.format("capacity"), plots.memory(summary), []),
        _part("Lag", ARGS.format("capacity"), [], [tables.lag(summary)]),
        _part("Storage", ARGS.format("storage"), [], [tables.storage(summary)]),
        _part("Code to read", ARGS.format("size"), [], [tables.size(summary)]),
    ]


ARGS = ' ARGS="--only {}"'


def _buys(summary: Summary) -> list[Part]:
    return [
        _part(
            "Waiting",
            ARGS.format("waiting"),
            plots.waiting(summary),
            tables.waiting(summary),
            "A dependency hangs while people search. Bars at the line have lost nothing.",
        ),
        _part("Lost parts", ARGS.format("blast"), [], [tables.blast(summary)]),
        _part("A new version", ARGS.format("rollout"), [], [tables.rollout(summary)]),
        _part("A new wish", ARGS.format("size"), [], [tables.wish(summary)]),
        _part("One hot verb", ARGS.format("hot-verb"), [], [tables.hot_verb(summary)]),
        _part(
            "Scaling",
            ARGS.format("scaling"),
            plots.scaling(summary),
            [tables.scaling(summary)],
            "Dotted: n times one replica. The line through the points is the fit of the Universal "
            "Scalability Law (USL), drawn between measured points only.",
        ),
    ]


def _instrument(summary: Summary) -> Part:
    return _part("", ARGS.format("instrument"), [], tables.instrument(summary))


def _equality(summary: Summary) -> list[Part]:
    table = tables.equality(summary)
    return [Part("Same responses", tables=[table])] if table else []


def _machine(summary: Summary) -> str:
    machine = summary.about.machine if summary.about else {}
    cores = f", {machine['cores']} cores" if machine.get("cores") else ""
    return f"{machine.get('processor') or 'an unknown processor'}{cores}"


def _method(summary: Summary) -> list[str]:
    about = summary.about
    if about is None:
        return []
    total = sum(about.mix.values()) or 1
    mix = ", ".join(f"{verb} {100 * part / total:g} %" for verb, part in about.mix.items())
    memory = about.machine.get("memory_bytes")
    versions = [
        f"{name} {about.machine[key]}"
        for name, key in (("Python", "python"), ("mongod", "mongod"), ("nats-server", "nats"))
        if about.machine.get(key)
    ]
    shares = ", ".join(f"{percent(share)} %" for share in about.shares)
    return [
        f"Machine: {_machine(summary)}{f', {memory / 2**30:.1f} GiB of memory' if memory else ''}, "
        f"{about.machine.get('system') or 'unknown system'}.",
        f"Versions: {', '.join(versions) or 'unknown'}; commit {', '.join(summary.commits)}; begun "
        f"{about.date}.",
        f"Cores of the measured system: {about.system_cores:g}, held by {about.limit}; the generator runs "
        "beside it.",
        f"Data: {about.posts:,} posts, {about.readers:,} readers who send requests.",
        f"Mix: {mix}. Signed-in readers send {shares} of the requests.",
        "Load: open loop with Poisson arrivals; latency counts from the intended start of a request.",
        f"Objective: p99 below {about.slo_ms:g} ms, errors below {100 * about.slo_errors:g} %.",
        f"Rounds: {summary.rounds} of {about.rounds} planned; seed {about.seed}. In a round all arms are up, "
        "and their searches for capacity take turns, trial by trial, in random order, with the same "
        "requests. Only the arm of a trial uses the system's cores. What else an arm takes is measured once, "
        "alone.",
        "Intervals: 95 % by bootstrap over the rounds; ratios are paired within a round, with the mean of "
        "both rows of step 0. A difference "
        "counts if its interval excludes 1 and lies outside what step 0 shows against itself.",
    ]
