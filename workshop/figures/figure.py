"""A figure of the comparison with its name, and the published ones."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from workshop.state import ROOT

PUBLISHED = ROOT / "docs" / "comparison" / "figures.json"

Run = Mapping[str, Any]
"""What `make compare` writes to figures.json."""


@dataclass(frozen=True)
class Figure:
    """A figure as texts show it. `value` has its unit, unless it is a count, a ratio, or a rate in requests a
    second. `about` says what it is.
    """

    name: str
    value: str
    about: str


def published_figures(file: Path = PUBLISHED) -> dict[str, Figure]:
    """Return the figures of a run by name, by default those of the published one, and the traced legs.

    Raises click.ClickException if there is no such file.
    """
    from workshop.figures import costs, gains, instrument, legs  # noqa: PLC0415 - they import this module

    if not file.is_file():
        raise click.ClickException(f"There is no {file}. `make compare` writes it.")
    run = json.loads(file.read_text(encoding="utf-8"))
    traced = json.loads(legs.PUBLISHED.read_text(encoding="utf-8")) if legs.PUBLISHED.is_file() else []
    found = [*instrument.figures(run), *costs.figures(run), *gains.figures(run), *legs.figures(traced)]
    return {each.name: each for each in found}
