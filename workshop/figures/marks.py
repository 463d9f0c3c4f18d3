"""The places of figures in Markdown: `<!--figure NAME-->103<!--/figure-->`."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workshop.figures.figure import Figure
from workshop.state import ROOT

MARK = re.compile(r"<!--figure (?P<name>[^>]*?)-->(?P<value>[^<\n]*)<!--/figure-->")
PART = re.compile(r"<!--/?figure\b")
NOT_OURS = {"node_modules", "artefacts", "mutants", "work"}
"""Folders that are not committed."""


@dataclass(frozen=True)
class Fault:
    """A mark that cannot be filled in, with its line."""

    line: int
    text: str


def texts(folder: Path = ROOT) -> Iterator[Path]:
    """Yield the committed Markdown files below a folder."""
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in NOT_OURS)
        yield from (Path(path, each) for each in sorted(files) if each.endswith(".md"))


def filled(text: str, figures: Mapping[str, Figure]) -> str:
    """Return a text with the present value in each mark whose name is known."""

    def value(mark: re.Match[str]) -> str:
        figure = figures.get(mark["name"])
        return f"<!--figure {mark['name']}-->{figure.value}<!--/figure-->" if figure else mark[0]

    return MARK.sub(value, text)


def faults(text: str, figures: Mapping[str, Figure]) -> list[Fault]:
    """Return the marks that have no end, or a name that no figure has."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        unknown = [mark["name"] for mark in MARK.finditer(line) if mark["name"] not in figures]
        found += [Fault(number, f"there is no figure {name}") for name in unknown]
        if PART.search(MARK.sub("", line)):
            found.append(Fault(number, "write <!--figure NAME-->VALUE<!--/figure--> in one line"))
    return found
