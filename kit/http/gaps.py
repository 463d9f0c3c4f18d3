"""Gaps: the parts of a page that are missing because a service is away."""

from flask import g


def note_gap(part: str) -> None:
    """Remember for the current page that `part`, as it is called in a sentence, could not be reached."""
    known = g.setdefault("gaps", [])
    text = f"{part} does not respond at the moment, so what it knows is missing on this page."
    if text not in known:
        known.append(text)


def gaps() -> list[str]:
    """Say what is missing on the current page, in words for people."""
    found: list[str] = g.get("gaps", [])
    return found
