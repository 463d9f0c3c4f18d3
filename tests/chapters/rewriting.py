"""Compares line by line: shows a reader what differs, and writes into a text what was printed."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from tests.chapters.blocks import Entry
from tests.chapters.patterns import ANY, Pattern

NEW, LOST, OTHER, ALIKE = 1.0, 1.1, 1.0, 0.5
"""What it costs to write another line into the text, to leave one of its own out, and to write another one in
its place, which costs less if both are alike.
"""

Way = tuple[float, int, int]
"""The cost from here to the end, and the lines of the text and of what was printed that are done next."""


def corrected(pattern: Pattern, printed: Sequence[str]) -> list[str]:
    """Return what the text should say: its own lines where they fit, else those that were printed."""
    lines: list[str] = []
    for own, other, fits in _aligned(pattern, printed):
        if own == ANY and not fits:
            continue
        if fits:
            lines.append(str(own))
        elif other is not None:
            lines.append(other)
    return lines


def rewritten(text: str, noted: Iterable[tuple[Entry, Sequence[str]]]) -> str:
    """Return a text in which these lines are expected instead."""
    lines = text.splitlines(keepends=True)
    for entry, instead in sorted(noted, key=lambda each: each[0].line, reverse=True):
        above = lines[entry.line - 1]
        indent = above[: len(above) - len(above.lstrip())]
        lines[entry.line : entry.line + len(entry.expected or ())] = [
            f"{indent}{line}".rstrip() + "\n" for line in instead
        ]
    return "".join(lines)


def difference(pattern: Pattern, printed: Sequence[str]) -> list[str]:
    """Return both, line by line: `-` is before what was expected and `+` before what was printed instead."""
    lines: list[str] = []
    for own, other, fits in _aligned(pattern, printed):
        if own == ANY:
            lines += [f"  {ANY}"] if fits else []
        elif fits:
            lines.append(f"  {other}")
        else:
            lines += [f"- {own}"] if own is not None else []
            lines += [f"+ {other}"] if other is not None else []
    return [line.rstrip() for line in lines]


def _aligned(pattern: Pattern, printed: Sequence[str]) -> Iterator[tuple[str | None, str | None, bool]]:
    """Yield each line of the text and each printed one, beside each other where they belong together, and
    whether they fit; as few as possible do not.

    A line that stands for any number of lines comes with each of them, and then alone, when it fits.
    """
    rows, columns = len(pattern.lines), len(printed)
    table: list[list[Way]] = [[(0.0, 0, 0)] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows, -1, -1):
        for column in range(columns, -1, -1):
            ways = _ways(pattern, printed, row, column)
            priced = [(cost + table[down][right][0], down, right) for cost, down, right in ways]
            table[row][column] = min(priced, key=lambda way: way[0], default=(0.0, rows, columns))
    row = column = 0
    while (row, column) != (rows, columns):
        _, down, right = table[row][column]
        own = pattern.lines[row] if row < rows else None
        if own == ANY:
            yield own, printed[column] if right > column else None, down > row
        else:
            other = printed[column] if right > column else None
            own = own if down > row else None
            yield own, other, own is not None and other is not None and pattern.fits(row, other)
        row, column = down, right


def _ways(pattern: Pattern, printed: Sequence[str], row: int, column: int) -> Iterator[Way]:
    """Yield what can be done with the next line of the text, the next printed one or both, and its cost."""
    is_own, is_other = row < len(pattern.lines), column < len(printed)
    if is_own and pattern.lines[row] == ANY:
        yield 0.0, row + 1, column
        if is_other:
            yield 0.0, row, column + 1
        return
    if is_own and is_other:
        yield _cost(pattern, row, printed[column]), row + 1, column + 1
    if is_own:
        yield LOST, row + 1, column
    if is_other:
        yield NEW, row, column + 1


def _cost(pattern: Pattern, row: int, other: str) -> float:
    """Return what it costs to have a printed line where the text has this one."""
    if pattern.fits(row, other):
        return 0.0
    alike = SequenceMatcher(None, pattern.lines[row], other, autojunk=False).quick_ratio()
    return OTHER + (ALIKE - OTHER) * alike
