"""The journal of a run: its observations, one JSON line each, on disk as soon as they are made.

The work of a run is divided into blocks. A line `Done` ends each. A run that was interrupted continues after
the last complete block, and what an incomplete one had observed is observed again.
"""

import json
import os
from pathlib import Path
from typing import Self

import click

from workshop.compare.observations import About, Done, Observation

FILE = "observations.jsonl"


class Journal:
    """The observations of one run, in the order in which they were made. `record` adds one."""

    def __init__(self, folder: Path, observations: list[Observation]) -> None:
        self.folder = folder
        self.observations = observations

    @classmethod
    def begin(cls, folder: Path, about: About) -> Self:
        """Begin a run. The journal of an earlier one keeps its lines under a name with its date."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        if path.exists():
            earlier = cls.read(folder).about
            date = earlier.date.translate({ord(":"): None, ord("-"): None}) if earlier else "unreadable"
            path.replace(folder / f"observations-{date}.jsonl")
        journal = cls(folder, [])
        journal.record(about)
        return journal

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the journal in `folder`, an empty one if there is none.

        A last line that was cut off, as by a full disk, is left out. Raises click.ClickException if another
        line is none of a journal.
        """
        path = folder / FILE
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        observations = []
        for number, line in enumerate(lines[:-1], start=1):
            try:
                observations.append(Observation.from_json(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise click.ClickException(f"{path}, line {number}: this is no observation.") from None
        return cls(folder, observations)

    @property
    def about(self) -> About | None:
        """What is known of the run; None in an empty journal."""
        first = self.observations[0] if self.observations else None
        return first if isinstance(first, About) else None

    @property
    def done(self) -> set[str]:
        """The names of the complete blocks."""
        return {each.block for each in self.observations if isinstance(each, Done)}

    def forget_incomplete(self) -> None:
        """Remove what was observed after the last complete block."""
        while len(self.observations) > 1 and not isinstance(self.observations[-1], Done):
            self.observations.pop()
        draft = self.folder / f"{FILE}.new"
        draft.write_bytes(b"".join(map(_line, self.observations)))
        draft.replace(self.folder / FILE)

    def record(self, observation: Observation) -> None:
        """Add an observation. Raises click.ClickException if the disk is full or cannot be written."""
        try:
            with (self.folder / FILE).open("ab") as file:
                file.write(_line(observation))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise click.ClickException(
                f"{self.folder / FILE} cannot be written: {error.strerror}. What was observed is kept; "
                "mend that, and the same command continues."
            ) from None
        self.observations.append(observation)


def _line(observation: Observation) -> bytes:
    return json.dumps(observation.as_json(), separators=(",", ":")).encode() + b"\n"
