"""Names of the legs of a request: how many HTTP requests one like and one search take at each step."""

from collections.abc import Iterator, Sequence
from typing import Any

from workshop.figures.figure import Figure
from workshop.legs.ways import FILE, FOLDER

PUBLISHED = FOLDER / FILE


def figures(ways: Sequence[dict[str, Any]]) -> Iterator[Figure]:
    """Yield the figures of what `./stones legs --write` has traced."""
    for way in ways:
        name = f"legs-{way['verb']}{'-program' * (way['client'] == 'program')}-step{way['step']}"
        about = f"legs of one {way['verb']}, for a {way['client']} that is signed in, step {way['step']}"
        yield Figure(name, str(len(way["legs"])), about)
