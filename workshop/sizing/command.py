"""`./stones sizing`: what a number of readers needs at each step, from the comparison's figures."""

import json
from pathlib import Path
from typing import Any

import click

from workshop import terminal
from workshop.sizing.arithmetic import Demand
from workshop.sizing.text import inserted, text
from workshop.state import ROOT

FIGURES = ROOT / "docs" / "comparison" / "figures.json"
DOCUMENT = ROOT / "docs" / "scaling.md"
DOCUMENTED = (
    Demand(readers=10_000, requests=20, signed_in=20, peak=4, posts=100_000, marks=100_000),
    Demand(readers=1_000_000, requests=20, signed_in=20, peak=4, posts=10_000_000, marks=10_000_000),
)
"""The demands in docs/scaling.md."""


@click.command()
@click.option(
    "--readers", type=click.IntRange(1), default=1_000_000, show_default=True, help="Readers a day."
)
@click.option(
    "--requests", type=click.FloatRange(0, min_open=True), default=20, show_default=True, help="Of each."
)
@click.option(
    "--signed-in", type=click.IntRange(0, 100), default=20, show_default=True, help="Percent of requests."
)
@click.option(
    "--peak", type=click.FloatRange(1), default=4, show_default=True, help="Busiest minute to mean."
)
@click.option("--posts", type=click.IntRange(0), default=10_000_000, show_default=True, help="Stored posts.")
@click.option(
    "--marks", type=click.IntRange(0), default=10_000_000, show_default=True, help="Likes, tags, hidden."
)
@click.option(
    "--figures", "file", type=click.Path(dir_okay=False, path_type=Path), default=FIGURES,
    help="The figures.json of a run of `make compare`; by default the published one.",
)  # fmt: skip
@click.option("--write", is_flag=True, help="Write docs/scaling.md again.")
def sizing(file: Path, *, write: bool, **demand: Any) -> None:
    """Work out what so many readers need at each step."""
    if not file.exists():
        raise click.ClickException(f"There is no {file}. `make compare` writes it.")
    figures = json.loads(file.read_text(encoding="utf-8"))
    if write:
        document = inserted(DOCUMENT.read_text(encoding="utf-8"), text(figures, DOCUMENTED))
        DOCUMENT.write_text(document, encoding="utf-8")
        return
    measured = sorted(map(int, figures["cpu_by_program"]))
    if demand["signed_in"] not in measured:
        known = ", ".join(map(str, measured))
        raise click.ClickException(f"The run measured {known} % of signed-in requests. Give one of them.")
    terminal.write(text(figures, [Demand(**demand)]))
