"""Counts the results of a load."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workshop.load.problems import Problem

EXAMPLES = 10
"""How many bad records are kept to be shown."""


@dataclass
class Tally:
    """Counts of posts by what the store did with them, of bad records and the first few of these, and of what
    was left out, by reason.
    """

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: int = 0
    examples: list[Problem] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def stored(self) -> int:
        """The number of posts of this load that are in the store now."""
        return self.new + self.updated + self.unchanged

    @property
    def skipped(self) -> int:
        """The number of records that are valid but not posts."""
        return sum(self.left_out.values())

    @property
    def records(self) -> int:
        """The number of all records counted here."""
        return self.stored + self.bad + self.skipped

    def add(self, other: "Tally") -> None:
        """Add the counts of another tally."""
        self.new += other.new
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.bad += other.bad
        self.examples += other.examples[: EXAMPLES - len(self.examples)]
        for reason, count in other.left_out.items():
            self.left_out[reason] = self.left_out.get(reason, 0) + count

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Count records that did not become posts."""
        for problem in problems:
            if not problem.bad:
                self.left_out[problem.reason] = self.left_out.get(problem.reason, 0) + 1
                continue
            self.bad += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(problem)

    def as_document(self) -> dict[str, Any]:
        """Return plain values that MongoDB can store. Reasons are in a list, as they may contain dots."""
        return asdict(self) | {"left_out": list(self.left_out.items())}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Tally":
        """Return the tally of which `as_document` returned `document`."""
        values = dict(document)
        values["examples"] = [Problem(**example) for example in values["examples"]]
        return cls(**values | {"left_out": dict(values["left_out"])})
