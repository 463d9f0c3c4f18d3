"""Counts what became of the records of a load."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workshop.load.problems import Problem

EXAMPLES = 10
"""Bad records that are kept to be shown."""


@dataclass
class Tally:
    """Posts by what the store did with them, bad records and the first few, what was left out by reason."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: int = 0
    examples: list[Problem] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def stored(self) -> int:
        """Posts of this load that are in the store now."""
        return self.new + self.updated + self.unchanged

    @property
    def skipped(self) -> int:
        """Records that are sound but no posts."""
        return sum(self.left_out.values())

    @property
    def records(self) -> int:
        """All records counted here."""
        return self.stored + self.bad + self.skipped

    def add(self, other: "Tally") -> None:
        """Count what another tally counted too."""
        self.new += other.new
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.bad += other.bad
        self.examples += other.examples[: EXAMPLES - len(self.examples)]
        for reason, count in other.left_out.items():
            self.left_out[reason] = self.left_out.get(reason, 0) + count

    def problems(self, problems: Iterable[Problem]) -> None:
        """Count records that did not become posts."""
        for problem in problems:
            if not problem.bad:
                self.left_out[problem.reason] = self.left_out.get(problem.reason, 0) + 1
                continue
            self.bad += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(problem)

    def as_document(self) -> dict[str, Any]:
        """Plain values that MongoDB can keep; left out reasons as a list, for they may hold dots."""
        return asdict(self) | {"left_out": list(self.left_out.items())}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Tally":
        """What `as_document` gave."""
        values = dict(document)
        values["examples"] = [Problem(**example) for example in values["examples"]]
        return cls(**values | {"left_out": dict(values["left_out"])})
