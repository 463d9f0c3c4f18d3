"""Commands that the texts of this repository name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from workshop.cli import COMMANDS

PREFIX = r"(?:\./stones|(?:\.venv/bin/python -m )?workshop)"
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
OPTIONAL = re.compile(r" \[.*?\]| [|>&].*|…")
"""Options that a synopsis leaves to the reader, and what a shell does with the output."""

Words = tuple[str, ...]


def make_commands(path: Path) -> set[Words]:
    """Return the targets and variables after `make` in a text."""
    return {words[1:] for words in _commands(path.read_text()) if words[0] == "make" and len(words) > 1}


def workshop_commands(path: Path) -> set[Words]:
    """Return the subcommands and arguments after `workshop` in a text."""
    found = set()
    for words in _commands(path.read_text()):
        if words[:3] == (".venv/bin/python", "-m", "workshop"):
            found.add(words[3:])
        elif words[0] in ("workshop", "./stones"):
            found.add(words[1:])
        elif words[0] == "rapids":
            found.add(words)
    return {words for words in found if words}


def _commands(text: str) -> Iterator[Words]:
    """Yield the command lines in a text's code blocks and between its backticks."""
    for language, block in BLOCK.findall(text):
        for line in block.splitlines():
            if language != "console" or line.startswith("$ "):
                yield from _words(line.removeprefix("$ ").partition(" #")[0].partition("   ")[0])
    for line in BLOCK.sub("", text).split("\n\n" if "|" not in text else "\n"):
        is_of_workshop = False
        for span in SPAN.findall(line):
            is_of_workshop |= re.match(rf"{PREFIX}\b", span) is not None
            # A row of the table of commands continues with the subcommands alone. Docker's own program has
            # the name of one of them.
            is_bare = is_of_workshop and span.split()[0] in COMMANDS and not span.startswith("docker compose")
            yield from _words(f"workshop {span}" if is_bare else span)


def _words(line: str) -> Iterator[Words]:
    try:
        words = shlex.split(OPTIONAL.sub("", line))
    except ValueError:  # no command line
        return
    if words:
        yield tuple(words)
