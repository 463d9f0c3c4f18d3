"""The result of one check."""

from dataclasses import dataclass

OK = "ok"
MISSING = "missing"
LATER = "later"
"""The status of what only the first installation brings, or makes it possible to check."""


@dataclass(frozen=True)
class Finding:
    """The result of a check: its name, its status (`ok`, `later`, or a word for what is wrong), whether a
    step needs it, what was found, the command that mends it if there is one, and what is left out without it.
    """

    name: str
    status: str
    needed: bool
    found: str
    mend: str | None = None
    left_out: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return self.status in (OK, LATER)
