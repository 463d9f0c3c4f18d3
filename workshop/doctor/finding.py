"""The result of one check."""

from dataclasses import dataclass

OK = "ok"
MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """The result of a check: its name, its status (`ok`, or a word for what is wrong), whether a step needs
    it, what was found, and the command that mends it if there is one.
    """

    name: str
    status: str
    needed: bool
    found: str
    mend: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return self.status == OK
