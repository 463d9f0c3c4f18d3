"""Compares what was printed with what a text says, which may leave out what varies."""

import re
from collections.abc import Sequence

ANY = "…"
"""Alone on a line any number of lines, within a line any characters."""

VARYING = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d?\d:\d\d:\d\d(?:[.,]\d+)?",
    "date": r"\b\d{4}-\d\d-\d\d\b",
    "duration": r"\b\d[\d,]*(?:\.\d+)? ?(?:ns|µs|us|ms|s|min|h|seconds?|minutes?|hours?)\b",
    "size": r"\b\d[\d,]*(?:\.\d+)? ?(?:bytes?|[kKMGT]i?B|B)\b",
    "version": r"\bv?\d+(?:\.\d+)+\b",
    "id": r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12,}|(?:t3|se)_\w+)\b",
    "token": r"\b[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|\b[\w-]{22,}",
    "pid": r"\b(?:pid[ =:]*|process )\d+|\[\d+\]|\(\d+\)",
    "port": r"(?<=:)\d{2,5}\b|\bport \d{2,5}\b",
    "number": r"\b\d[\d,]*(?:\.\d+)?\b",
}
"""What a block may say that it varies, by the name that it uses, as regular expressions."""

RULE = "[─━=-]{3,}"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Pattern:
    """The lines that one should see, some of which may vary.

    What varies may be longer or shorter than in the text. So if anything varies, spaces and rules below
    headings may be of any length.
    """

    def __init__(self, lines: Sequence[str], varies: Sequence[str] = ()) -> None:
        self.lines = [line.rstrip() for line in lines]
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        varying = [pattern for name, pattern in VARYING.items() if name in varies]
        self._each = [_compiled(line, varying) for line in self.lines]
        self._whole = re.compile(
            "".join(
                r"(?:.*\n)*?" if line == ANY else f"{each.pattern}\n"
                for line, each in zip(self.lines, self._each, strict=True)
            )
        )

    def fits(self, at: int, line: str) -> bool:
        """Return whether a printed line is the one at this index."""
        return self._each[at].fullmatch(line) is not None

    def is_all(self, printed: str) -> bool:
        """Return whether exactly these lines were printed."""
        return self._whole.fullmatch("".join(f"{line}\n" for line in cleaned(printed))) is not None

    def lines_of(self, printed: str) -> int | None:
        """Return how many printed lines these are, None if not all of them have been printed yet."""
        begun = self._whole.match(cleaned_text(printed))
        return None if begun is None else begun[0].count("\n")

    def is_hopeless(self, printed: str) -> bool:
        """Return whether these lines cannot come any more, whatever else is printed."""
        fixed = self.lines.index(ANY) if ANY in self.lines else len(self.lines)
        complete = cleaned_text(printed).split("\n")[:-1]
        return not all(self.fits(at, line) for at, line in enumerate(complete[:fixed]))


def cleaned_text(printed: str) -> str:
    """Return what was printed without colours and spaces at the ends of lines, as a terminal shows it."""
    lines = ESCAPE.sub("", printed).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in lines)


def cleaned(printed: str) -> list[str]:
    """Return the lines that were printed, without empty ones at the end."""
    return cleaned_text(printed).rstrip("\n").split("\n") if printed.strip() else []


def _compiled(line: str, varying: list[str]) -> re.Pattern[str]:
    """Return the regular expression of one line."""
    special = re.compile(
        "|".join([*(f"({each})" for each in varying), ANY, *([" +", RULE] if varying else [])])
    )
    found, done = "", 0
    for match in special.finditer(line):
        found += re.escape(line[done : match.start()])
        if match.lastindex:
            found += f"(?:{varying[match.lastindex - 1]})"
        elif match[0] == ANY:
            found += ".*?"
        elif match[0][0] == " ":
            found += " +" if match.start() else " *"
        else:
            found += RULE
        done = match.end()
    return re.compile(found + re.escape(line[done:]))
