"""The report of a run: made from its observations alone, at any time after it."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from workshop.compare.observations import Observation

BEGIN, END = "<!-- comparison: written by make compare -->\n", "<!-- end of the comparison -->\n"
"""Around what the command writes into a README."""


def write_report(observations: Sequence[Observation], folder: Path) -> None:
    """Write `index.html`, `README.md` with its plots, and `figures.json` to the folder.

    Plots of an earlier report that this one does not have are removed.
    """
    from workshop.compare.report.content import content  # noqa: PLC0415
    from workshop.compare.report.page import markdown, page  # noqa: PLC0415
    from workshop.compare.report.summary import summarize  # noqa: PLC0415

    summary = summarize(observations)
    report = content(summary)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("plot-*.svg"):
        old.unlink()
    for plot in report.plots:
        (folder / f"plot-{plot.name}.svg").write_text(plot.as_file())
    figures = {"verdict": [f"{each.topic}: {each.text}" for each in report.verdict], **summary.as_json()}
    (folder / "figures.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    (folder / "README.md").write_text(markdown(report))
    (folder / "index.html").write_text(page(report))


def write_headline(observations: Sequence[Observation], readme: Path, folder: str) -> None:
    """Write the verdict, a plot of capacities and the first table between the marks in a README. `folder` is
    the report's, as seen from there. Raises click.ClickException if the marks are missing.
    """
    from workshop.compare.report.content import content  # noqa: PLC0415
    from workshop.compare.report.page import headline  # noqa: PLC0415
    from workshop.compare.report.summary import summarize  # noqa: PLC0415

    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise click.ClickException(f"{readme} lacks the lines {BEGIN.strip()} and {END.strip()}.")
    shown = headline(content(summarize(observations)), folder)
    readme.write_text(f"{before}{begin}\n{shown}\n{end}{after}")
