"""What could not be shown, as a part that was asked for it is away."""

from flask import g

from kit.problems import PartDown, PartSlow


def note_gap(problem: PartDown | PartSlow) -> None:
    """Remember for the page being answered that something is missing on it."""
    if "gaps" not in g:
        g.gaps = []
    if str(problem) not in g.gaps:
        g.gaps.append(str(problem))


def gaps() -> list[str]:
    """What is missing on the page being answered, in words for people."""
    found: list[str] = g.get("gaps", [])
    return found
