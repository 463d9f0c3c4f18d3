"""What could not be shown, as a part that was asked for it is away."""

from flask import g


def note_gap(part: str) -> None:
    """Remember for the page being answered that `part`, as it is called in a sentence, could not be asked."""
    known = g.setdefault("gaps", [])
    told = f"{part} does not answer at the moment, so what it knows is missing on this page."
    if told not in known:
        known.append(told)


def gaps() -> list[str]:
    """What is missing on the page being answered, in words for people."""
    found: list[str] = g.get("gaps", [])
    return found
