"""Applies unified diffs, in the form that `diff -u` prints:
https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html

`patch` and git would do that, too, but a learner's machine need not have them.
"""

import re
from pathlib import Path

import click

FILE = re.compile(r"^--- a/(\S+)\n\+\+\+ b/\1\n", re.MULTILINE)
HUNK = re.compile(r"^@@ .*\n", re.MULTILINE)


def apply(diff: Path, folder: Path) -> None:
    """Change the files in `folder` as the diff says. Raises click.ClickException if it does not fit one."""
    _, *parts = FILE.split(diff.read_text("utf-8"))
    for name, hunks in zip(parts[::2], parts[1::2], strict=True):
        path = folder / name
        lines = path.read_text("utf-8").splitlines()
        at = 0
        for hunk in HUNK.split(hunks)[1:]:
            old, new = _lines(hunk, " -"), _lines(hunk, " +")
            # By what the lines are and not by their numbers: a change elsewhere in the file does no harm.
            places = [each for each in range(at, len(lines)) if lines[each : each + len(old)] == old]
            if len(places) != 1:
                raise click.ClickException(
                    f"{diff} does not fit {name}, which has these lines {len(places)} times:\n"
                    + "\n".join(old)
                )
            lines[places[0] : places[0] + len(old)] = new
            at = places[0] + len(new)
        path.write_text("\n".join(lines) + "\n", "utf-8")


def _lines(hunk: str, kinds: str) -> list[str]:
    return [line[1:] for line in hunk.splitlines() if line[:1] in kinds or not line]
