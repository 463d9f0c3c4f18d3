"""A deck in Markdown: its parts, the figures that it shows, and the minutes in its notes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from workshop.figures.figure import Figure

PART = re.compile(r"^\{\{part: (?P<name>[a-z0-9-]+)\}\}$", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{\{(?P<name>[^{}]*)\}\}")
FENCE = re.compile(r"^```.*?^```[^\S\n]*$", re.MULTILINE | re.DOTALL)
SLIDE = re.compile(r"^---[^\S\n]*$", re.MULTILINE)
NOTE = re.compile(r"<!-- *(?P<minutes>\d+) min\b(?P<text>.*?)-->", re.DOTALL)


@dataclass(frozen=True)
class Slide:
    """The Markdown of a slide with its note, and how many minutes the note gives it, None if it has no note
    that begins with them.
    """

    text: str
    minutes: int | None


def read_deck(path: Path) -> str:
    """Return a deck with the parts that it shares with others in their places. Raises click.ClickException if
    there is no such part.
    """

    def part(found: re.Match[str]) -> str:
        file = path.parent / "parts" / f"{found['name']}.md"
        if not file.is_file():
            raise click.ClickException(f"{path.name} has the part {found['name']}, but there is no {file}.")
        return file.read_text(encoding="utf-8").strip()

    return PART.sub(part, path.read_text(encoding="utf-8"))


def slides_of(deck: str) -> list[Slide]:
    """Return the slides of a deck in their order."""
    # Lines of code may look like the end of a slide.
    hidden = FENCE.sub(lambda code: re.sub(r"[^\n]", "x", code[0]), deck)
    ends = [each.span() for each in SLIDE.finditer(hidden)][1:]  # the first begins the front matter
    texts = [
        deck[after:before] for (_, after), (before, _) in zip(ends, [*ends[1:], (len(deck), 0)], strict=True)
    ]
    return [Slide(text, int(note["minutes"]) if (note := NOTE.search(text)) else None) for text in texts]


def filled(deck: str, figures: Mapping[str, Figure]) -> str:
    """Return a deck with figures instead of their names. A line never ends between a number and its unit.

    Raises click.ClickException for unknown names.
    """
    names = {each["name"] for each in PLACEHOLDER.finditer(deck)}
    if unknown := sorted(names - figures.keys()):
        raise click.ClickException(
            f"There is no figure {', '.join(unknown)}. `./stones figures` lists the names."
        )
    return PLACEHOLDER.sub(lambda found: figures[found["name"]].value.replace(" ", "\u00a0"), deck)


def timed(deck: str) -> str:
    """Return a deck whose notes also say when their slides end, counted from the deck's beginning."""
    passed = 0

    def note(found: re.Match[str]) -> str:
        nonlocal passed
        passed += int(found["minutes"])
        return f"<!-- {found['minutes']} min, until {clock(passed)}{found['text']}-->"

    return NOTE.sub(note, deck)


def clock(minutes: int) -> str:
    """Return minutes as hours and minutes."""
    return f"{minutes // 60}:{minutes % 60:02}"
