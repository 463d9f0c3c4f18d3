"""What a client would rather have (RFC 7240), of `respond-async` and `wait`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PREFERENCE = re.compile(
    r"""\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)          # its name
        (?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?  # its value
        (?:\s*;[^,]*)?                             # parameters, of which we know none
        \s*(?:,|$)""",
    re.VERBOSE,
)
LONGEST = 4
"""Digits of a wait that makes sense."""


@dataclass(frozen=True)
class Preference:
    """`is_async`: answer at once; with `wait`, after so many seconds at most."""

    is_async: bool = False
    wait: int | None = None

    def applied(self) -> str:
        """The header that says what was regarded; empty for nothing."""
        parts = ["respond-async"] if self.is_async else []
        return ", ".join(parts if self.wait is None else [*parts, f"wait={self.wait}"])


def preference_of(headers: Iterable[str]) -> Preference:
    """What the headers Prefer say. What is malformed or unknown is ignored; of two the first counts."""
    told: dict[str, str] = {}
    for header in headers:
        position = 0
        while position < len(header):
            found = _PREFERENCE.match(header, position)
            if found is None:
                break
            told.setdefault(found[1].lower(), (found[2] or "").strip('"'))
            position = found.end()
    wait = told.get("wait", "")
    is_sound = wait.isascii() and wait.isdigit() and len(wait) <= LONGEST
    return Preference("respond-async" in told, int(wait) if is_sound else None)
