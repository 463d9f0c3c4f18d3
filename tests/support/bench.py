"""Read what `workshop bench` prints."""

import re
from collections.abc import Sequence

CELLS = re.compile(r"[┃│] ")
PROMISES = "What the texts promise"
LINES_BELOW = (
    "This took",
    "The loader's memory",
    "Memory of sync",
    "At 100 new posts a second",
    "There is no nginx",
    "Held: at most",
)


def figures(printed: str, names: Sequence[str]) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its title.

    Raises AssertionError for other lines, except those before that say how long it takes to measure `names`.
    """
    first, *lines = printed.splitlines()
    assert re.fullmatch(
        r"Measuring takes about [\d.]+ (s|min) on 2 idle processors; this machine has \d+:", first
    )
    for name in names:
        assert re.match(rf"  {name} +[\d.]+ (s|min)  \S", lines.pop(0))
    tables: dict[str, list[list[str]]] = {}
    title = ""
    is_inside = False
    for line in lines:
        if line.startswith("┏"):
            tables[title.strip()], is_inside = [], True
        elif line.startswith("└"):
            title, is_inside = "", False
        elif is_inside and CELLS.match(line):
            tables[title.strip()].append([each.strip() for each in line[1:-1].split(line[0])])
        elif not is_inside and line.strip() and not line.startswith(LINES_BELOW):
            title += " " + line.strip()
        else:
            assert not is_inside or line.startswith("┡"), line
    assert not title, f"no table: {title}"
    for title, rows in tables.items():
        least = 1 if title == PROMISES else 3
        assert len(rows) >= least and all("" not in row for row in rows), rows
    return tables
