"""The result of one check."""

from dataclasses import dataclass

OK = "ok"
MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is (`ok`, or in a word what is wrong), whether steps that are here need it,
    what was found, and the command that mends it if there is one."""

    name: str
    status: str
    needed: bool
    found: str
    mend: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return self.status == OK
