"""The plots of the report. Each arm has its own colour, marker, line and hatch, so that grey is enough."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workshop.compare.report.summary import Measured, Summary, name_of
from workshop.compare.report.svg import INK, Plot, drawing, plot
from workshop.compare.report.tables import VERBS
from workshop.compare.report.verdict import hanging
from workshop.compare.statistics.usl import Usl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 5.2
MOST_PROGRAMS = 7
"""A stack has so many programs, and the rest as one."""


@dataclass(frozen=True)
class Style:
    """How an arm looks: colours are Okabe and Ito's; the page's own colour is step 0's."""

    colour: str
    marker: str
    line: Any
    hatch: str


STYLES = {
    "0": Style(INK, "o", "-", ""),
    "0 again": Style("#808080", "o", (0, (1, 1.5)), "---"),
    "0 cached": Style("#cc79a7", "s", (0, (6, 2, 1, 2)), "xxx"),
    "1": Style("#0072b2", "^", (0, (5, 2)), "///"),
    "2": Style("#009e73", "D", (0, (3, 1.5)), "\\\\\\"),
    "3": Style("#d55e00", "v", "-", "++"),
}
OTHER_ARM = Style("#808080", "x", ":", "")
PROGRAM_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442")
PROGRAM_HATCHES = ("", "///", "---", "\\\\\\", "xxx", "|||", "++")


def latency(summary: Summary) -> list[Plot]:
    """Plot latency against offered rate, a plot for each share of signed-in readers."""
    return [_latency(summary, share) for share in summary.curves]


def capacity(summary: Summary) -> list[Plot]:
    """Plot the capacities with their intervals, a plot for each share of signed-in readers."""
    return [
        _bars(
            found,
            f"capacity-{share}",
            f"Capacity, {share} % signed in",
            "requests a second at the objective",
            "{:,.0f}",
        )
        for share, found in summary.capacity.items()
    ]


def cpu(summary: Summary) -> list[Plot]:
    """Plot the CPU time of a request by program."""
    return [
        _stacks(found, f"cpu-{share}", f"CPU time of a request, {share} % signed in", "µs", 1.0)
        for share, found in summary.cpu_by_program.items()
    ]


def memory(summary: Summary) -> list[Plot]:
    """Plot the memory by program."""
    found = summary.memory_by_program
    return [_stacks(found, "memory", "Memory of a step that is ready (PSS)", "MB", 1e-6)] if found else []


def waiting(summary: Summary) -> list[Plot]:
    """Plot which part of its goodput each verb keeps while a dependency hangs."""
    return [_waiting(summary, what) for what in dict.fromkeys(each.what for each in summary.waiting)]


def scaling(summary: Summary) -> list[Plot]:
    """Plot the capacity by replicas of search."""
    return [_scaling(summary)] if summary.scaling else []


def _figure(height: float, rows: int = 1) -> "tuple[Figure, Sequence[Axes]]":
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0].tolist()


def _style(arm: str) -> Style:
    return STYLES.get(arm, OTHER_ARM)


def _legend(figure: "Figure", axes: "Axes") -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, handlelength=3.4, columnspacing=1.5)


def _latency(summary: Summary, share: int) -> Plot:
    from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: PLC0415

    slo = summary.about.slo_ms if summary.about else 100.0
    title = f"Latency against offered rate, {share} % signed in"
    with drawing():
        figure, (upper, lower) = _figure(5.4, rows=2)
        for arm, points in summary.curves[share].items():
            style = _style(arm)
            for axes, values in ((upper, [p.p99_ms for p in points]), (lower, [p.p50_ms for p in points])):
                axes.plot(
                    [point.rate for point in points], values, color=style.colour, linestyle=style.line,
                    linewidth=1.5, marker=style.marker, markersize=4.5, markerfacecolor="none",
                    label=name_of(arm),
                )  # fmt: skip
        for axes, label in ((upper, "p99, ms"), (lower, "p50, ms")):
            axes.set(xscale="log", yscale="log", ylabel=label)
            axes.grid(which="major")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(
                    FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
                )
                axis.set_minor_formatter(NullFormatter())
        _few_ticks(lower, [point.rate for points in summary.curves[share].values() for point in points])
        upper.axhline(slo, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        upper.annotate(f"objective: {slo:g} ms", (0.01, slo), xycoords=("axes fraction", "data"),
                       xytext=(0, 3), textcoords="offset points", fontsize=9)  # fmt: skip
        lower.set_xlabel("requests a second (open loop)")
        _legend(figure, upper)
        ends = [
            f"{name_of(arm)} {first.p99_ms:,.0f} ms at {first.rate:,.0f}/s, {last.p99_ms:,.0f} ms at "
            f"{last.rate:,.0f}/s"
            for arm, points in summary.curves[share].items()
            if points
            for first, last in [(points[0], points[-1])]
        ]
        words = (
            f"Curves of p99 and p50 by rate, both axes logarithmic, with a line at {slo:g} ms. "
            f"p99: {'; '.join(ends)}."
        )
        return plot(figure, f"latency-{share}", title, words)


def _few_ticks(axes: "Axes", rates: list[float]) -> None:
    """Set ticks at 1, 2 and 5 of each power of ten that the rates span."""
    if rates:
        ticks = [base * 10**power for power in range(-1, 7) for base in (1, 2, 5)]
        axes.set_xticks(
            [tick for tick in ticks if min(rates) * 0.8 <= tick <= max(rates) * 1.25] or [max(rates)]
        )


def _bars(found: dict[str, Measured], name: str, title: str, label: str, form: str) -> Plot:
    with drawing():
        figure, (axes,) = _figure(0.8 + 0.36 * len(found))
        for place, (arm, each) in enumerate(found.items()):
            style, value = _style(arm), each.value
            errors = [[value.middle - value.low], [value.high - value.middle]]
            axes.barh(
                place, value.middle, 0.62, xerr=errors if value.rounds > 1 else None, color=style.colour,
                alpha=0.75, hatch=style.hatch, edgecolor=INK, linewidth=0.6,
                error_kw={"ecolor": INK, "capsize": 3},
            )  # fmt: skip
            axes.annotate(f"{each.bound}{form.format(value.middle)}", (value.high, place), xytext=(6, 0),
                          textcoords="offset points", va="center", fontsize=9)  # fmt: skip
        _rows(axes, [*found], label)
        axes.margins(x=0.16)
        figures = ", ".join(
            f"{name_of(arm)} {each.bound}{form.format(each.value.middle)}" for arm, each in found.items()
        )
        return plot(figure, name, title, f"Bars with 95 % intervals, {label}: {figures}.")


def _rows(axes: "Axes", arms: Sequence[str], label: str) -> None:
    axes.set_yticks(range(len(arms)), [name_of(arm) for arm in arms])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _stacks(found: dict[str, dict[str, float]], name: str, title: str, unit: str, scale: float) -> Plot:
    totals: dict[str, float] = {}
    for programs in found.values():
        for program, amount in programs.items():
            totals[program] = totals.get(program, 0.0) + amount
    largest = sorted(totals, key=lambda program: -totals[program])[:MOST_PROGRAMS]
    with drawing():
        figure, (axes,) = _figure(1.5 + 0.36 * len(found))
        ends = [0.0] * len(found)
        for number, program in enumerate([*largest, *(["others"] if len(totals) > len(largest) else [])]):
            widths = [
                scale
                * (
                    each.get(program, 0.0)
                    if program in largest
                    else sum(each.values()) - sum(map(each.get, largest, [0.0] * len(largest)))
                )
                for each in found.values()
            ]
            colour = PROGRAM_COLOURS[number] if program in largest else "#999999"
            hatch = PROGRAM_HATCHES[number] if program in largest else ""
            axes.barh(range(len(found)), widths, 0.62, left=ends, color=colour, hatch=hatch, edgecolor=INK,
                      linewidth=0.6, alpha=0.85, label=program)  # fmt: skip
            ends = [end + width for end, width in zip(ends, widths, strict=True)]
        for place, end in enumerate(ends):
            axes.annotate(
                f"{end:,.0f}",
                (end, place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        _rows(axes, [*found], unit)
        axes.margins(x=0.12)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=4, columnspacing=1.2, handlelength=1.6
        )
        figures = ", ".join(f"{name_of(arm)} {end:,.0f} {unit}" for arm, end in zip(found, ends, strict=True))
        return plot(figure, name, title, f"Bars stacked by program: {figures}.")


def _waiting(summary: Summary, what: str) -> Plot:
    found = [each for each in summary.waiting if each.what == what]
    names = dict.fromkeys(verb for each in found for verb in each.calm)
    verbs = sorted(names, key=lambda verb: (VERBS.index(verb) if verb in VERBS else len(VERBS), verb))
    seconds = f"{found[0].hang_seconds:g} s"
    with drawing():
        figure, (axes,) = _figure(3.2)
        width, words = 0.84 / len(found), []
        for number, each in enumerate(found):
            style = _style(each.arm)
            parts = [
                100 * each.hung.get(verb, 0.0) / each.calm[verb] if each.calm.get(verb) else 0.0
                for verb in verbs
            ]
            places = [place + (number - (len(found) - 1) / 2) * width for place in range(len(verbs))]
            axes.bar(places, parts, width * 0.92, color=style.colour, alpha=0.75, hatch=style.hatch,
                     edgecolor=INK, linewidth=0.6, label=name_of(each.arm))  # fmt: skip
            kept = ", ".join(f"{verb} {part:.0f} %" for verb, part in zip(verbs, parts, strict=True))
            words.append(f"{name_of(each.arm)}: {kept}")
        axes.axhline(100, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xticks(range(len(verbs)), verbs)
        axes.set_ylabel("% of the calm goodput")
        axes.grid(axis="y")
        _legend(figure, axes)
        title = f"Goodput by verb while {hanging(what)} hangs for {seconds}"
        return plot(
            figure,
            f"waiting-{what}",
            title,
            f"Bars by verb, in percent of the goodput before. {'. '.join(words)}.",
        )


def _scaling(summary: Summary) -> Plot:
    with drawing():
        figure, (axes,) = _figure(3.4)
        words = []
        for arm, each in summary.scaling.items():
            style = _style(arm)
            counts, rates = zip(*each.points, strict=True)
            label = f"{name_of(arm)}{' (saturated)' if each.saturated else ''}"
            axes.plot(counts, rates, color=style.colour, linestyle="none", marker=style.marker, label=label)
            if counts[0] == 1:
                axes.plot(counts, [rates[0] * count for count in counts], color=style.colour, linewidth=0.8,
                          alpha=0.6, linestyle=":", label="_n times one replica")  # fmt: skip
            if each.usl:
                law = [*_law(each.usl, counts[0], counts[-1])]
                axes.plot(
                    *zip(*law, strict=True),
                    color=style.colour,
                    linestyle=style.line,
                    linewidth=1.4,
                    label="_USL fit",
                )
            points = ", ".join(f"{count}: {rate:,.0f}/s" for count, rate in each.points)
            words.append(f"{name_of(arm)}: {points}")
        axes.set(xlabel="replicas of search, equal quotas", ylabel="searches a second")
        axes.set_xticks(sorted({count for each in summary.scaling.values() for count, _ in each.points}))
        axes.set_ylim(bottom=0)
        axes.grid()
        _legend(figure, axes)
        return plot(
            figure, "scaling", "Scaling search", f"Searches a second by replicas. {'. '.join(words)}."
        )


def _law(usl: Usl, first: int, last: int) -> Iterator[tuple[float, float]]:
    """Yield points of the law between the measured ones: no extrapolation."""
    for step in range(41):
        count = first + (last - first) * step / 40
        yield count, usl.per_second(count)
