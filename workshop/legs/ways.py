"""The way of a request: its legs, one for each HTTP request, and the event that it causes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workshop.state import ROOT

FOLDER = ROOT / "docs/legs"
FILE = "legs.json"
VERBS = ("like", "search")
CLIENTS = ("browser", "program")


@dataclass(frozen=True)
class Leg:
    """An HTTP request from `caller` to `callee`. Legs with the same number are on their way at the same time.

    `depth` is 0 for the client's own request, 1 for those that are sent because of it, and so on. `commands`
    is how many commands the callee sends to its database because of this leg.
    """

    number: int
    depth: int
    caller: str
    callee: str
    request: str
    commands: int


@dataclass(frozen=True)
class Event:
    """The event that a request caused: who published it, and whose ponds show it.

    `before_response` says whether all of these had begun with it before the client got its response.
    """

    name: str
    owner: str
    publisher: str
    subscribers: tuple[str, ...]
    before_response: bool


@dataclass(frozen=True)
class Way:
    """The way of a verb's request at a step, from a `client` that is signed in (see CLIENTS)."""

    verb: str
    step: int
    client: str
    legs: tuple[Leg, ...]
    event: Event | None = None

    def as_text(self) -> str:
        """Return a line for each leg, as a terminal shows them."""
        lines = [f"{self.verb} at step {self.step}, {self.client}: {count_of(self)}"]
        arrows = [f"{'    ' * leg.depth}{leg.caller} → {leg.callee}" for leg in self.legs]
        width = max(map(len, arrows))
        lines += [
            f"{leg.number}  {arrow:{width}}  {leg.request:22}{_commands(leg)}".rstrip()
            for leg, arrow in zip(self.legs, arrows, strict=True)
        ]
        if event := self.event:
            when = "before" if event.before_response else "after"
            shown = ", ".join(event.subscribers)
            lines.append(f"   {when} the response: {event.publisher} publishes the {event.name}, for {shown}")
        return "\n".join(lines)


def count_of(way: Way) -> str:
    """Return how many legs a way has, in words."""
    return f"{len(way.legs)} leg{'s' if len(way.legs) > 1 else ''}"


def way_from(found: dict[str, Any]) -> Way:
    """Return a way that was read from JSON."""
    event = found["event"]
    return Way(
        found["verb"],
        found["step"],
        found["client"],
        tuple(Leg(**each) for each in found["legs"]),
        Event(**{**event, "subscribers": tuple(event["subscribers"])}) if event else None,
    )


def read(folder: Path = FOLDER) -> list[Way]:
    """Read the ways in the folder's file."""
    return [way_from(each) for each in json.loads((folder / FILE).read_text("utf-8"))]


def write(ways: Iterable[Way], folder: Path = FOLDER) -> None:
    """Write ways to the folder's file, in the order of verbs, steps and clients."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(each) for each in in_order(ways)], indent=1)
    (folder / FILE).write_text(f"{text}\n", "utf-8")


def in_order(ways: Iterable[Way]) -> list[Way]:
    """Return ways in the order of verbs, steps and clients."""
    return sorted(ways, key=lambda way: (VERBS.index(way.verb), way.step, CLIENTS.index(way.client)))


def replaced(before: Sequence[Way], by: Sequence[Way]) -> list[Way]:
    """Return the ways `by`, and those from `before` that are not among them."""
    new = {(way.verb, way.step, way.client) for way in by}
    return in_order([*by, *(way for way in before if (way.verb, way.step, way.client) not in new)])


def _commands(leg: Leg) -> str:
    return f"  {leg.commands} to its database" if leg.commands else ""
