"""What the texts promise, beside what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

TOLERANCE = 1.25
"""A measured figure may be this many times worse than a text says: runs on one machine differ by as much."""


@dataclass(frozen=True)
class Promise:
    """A figure in a text, at most or (`is_least`) at least so much, and what this run measured."""

    figure: str
    promised: float
    measured: float
    where: str
    """The text that makes it."""
    unit: str = "times"
    is_least: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the measured figure is as good as promised, within the tolerance."""
        if self.is_least:
            return self.measured * TOLERANCE >= self.promised
        return self.measured <= self.promised * TOLERANCE


def table_of(promises: Sequence[Promise]) -> "Table":
    """Return a table of all promises and whether each was held."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        *("figure", "promise", "measured", "result", "promised in"),
        title="What the texts promise",
        title_justify="left",
        caption=f"Held: at most {TOLERANCE} times worse than promised, as runs differ by as much.",
        caption_justify="left",
    )
    for each in promises:
        limit = "at least" if each.is_least else "at most"
        table.add_row(
            each.figure,
            f"{limit} {_shown(each.promised)} {each.unit}",
            f"{_shown(each.measured)} {each.unit}",
            "held" if each.is_held else "short",
            each.where,
        )
    return table


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
