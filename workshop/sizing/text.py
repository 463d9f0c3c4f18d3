"""Sizes as Markdown, and the place in the documentation that has them."""

from collections.abc import Sequence

from workshop.sizing.arithmetic import STEPS, Demand, Figures, Need, Size, size_of

BEGIN = "<!-- sizes: written by ./stones sizing --write -->"
END = "<!-- end of the sizes -->"
COLUMNS = (
    *("", "cores", "memory", "processes", "writes a second", "events a second"),
    *("disk of a node", "saturates first"),
)


def text(figures: Figures, demands: Sequence[Demand]) -> str:
    """Return the tables: for each demand all steps, then what each step's programs need for the last."""
    about = figures["about"]
    source = (
        f"From the run of {about['date'][:10]} at commit {about['commit']} on "
        f"{about['machine']['processor']}; objective: p99 below {about['slo_ms']:g} ms."
    )
    tables = [_overview(figures, each) for each in demands]
    largest = demands[-1]
    details = [_details(size) for step in STEPS if (size := size_of(step, figures, largest))]
    return "\n\n".join([source, *tables, f"**What each program needs for {_readers(largest)}:**", *details])


def inserted(document: str, block: str) -> str:
    """Return a document with the block in its place. Raises ValueError if it has none."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"There is no place for the sizes: the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def _readers(demand: Demand) -> str:
    return f"{demand.readers:,} readers a day"


def _overview(figures: Figures, demand: Demand) -> str:
    lines = [
        f"**{_readers(demand)}, {demand.requests:g} requests each, {demand.signed_in} % of them signed in, "
        f"the busiest minute {demand.peak:g} times the mean: {demand.rate:,.0f} requests a second. "
        f"{demand.posts:,} posts, {demand.marks:,} marks.**",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
    ]
    for step in STEPS:
        size = size_of(step, figures, demand)
        if size is None:
            lines.append(f"| step {step} | not measured | | | | | | |")
            continue
        cells = [
            f"step {step}",
            f"{size.cores:,.1f}",
            f"{size.memory / 1e9:,.1f} GB",
            f"{sum(each.processes for each in size.needs):,}",
            f"{size.writes:,.1f}",
            f"{size.events:,.1f}" if size.events else "–",
            _disk(size),
            _first(size),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _disk(size: Size) -> str:
    return (
        ", ".join(f"{store} {amount / 1e9:,.1f} GB" for store, amount in size.disk.items()) or "not measured"
    )


def _first(size: Size) -> str:
    """Return the program that saturates first among those of which there can be no more."""
    limited = [each for each in size.needs if each.limit]
    if not limited:
        return "–"
    most = max(limited, key=lambda each: each.cores)
    return f"{most.program}: {most.cores:,.1f} cores, {most.limit}"


def _details(size: Size) -> str:
    lines = [
        f"Step {size.step}, which kept the objective up to {size.utilisation:.0%} of a core".replace(
            "%", " %"
        )
        + ":",
        "",
        "| program | cores | processes | memory | what ends its growth |",
        "|---|---|---|---|---|",
        *(_row(each) for each in size.needs),
    ]
    return "\n".join(lines)


def _row(need: Need) -> str:
    return (
        f"| {need.program} | {need.cores:,.2f} | {need.processes} | {need.memory / 1e6:,.0f} MB "
        f"| {need.limit or 'nothing known: add processes'} |"
    )
