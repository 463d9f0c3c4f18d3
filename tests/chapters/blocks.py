"""The console blocks of a Markdown text: what each runs, where, and what one should see.

In a fence with the language `console`, `$ ` begins a command and `> ` continues it; `^C` alone on a line is
Ctrl-C to what runs in that terminal. All other lines are what one should see. `…` alone on a line stands for
any number of lines, and within a line for any characters. A block that begins with what one should see shows
what a command that goes on prints now. Each line of a fence with the language `sh` is a command that may
print anything. A comment right above the fence says how it is run:

    <!-- run: terminal=2 goes-on varies="time number" exit=1 -->
    <!-- not run: REASON -->

With `goes-on` nobody waits for the end of the last command, only for what it should print. Without a comment
a block runs in terminal 1, and each of its commands ends by itself, with exit code 0. `patterns.VARYING` has
what may vary.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.chapters.patterns import VARYING

LANGUAGES = ("console", "sh")
COMMENT = re.compile(r"<!--\s*(run|not run):?\s*(.*?)\s*-->", re.DOTALL)
STOP = "^C"


class FormatError(Exception):
    """A block that cannot be run as it is written; the message names its line."""


@dataclass(frozen=True)
class Entry:
    """A command, `^C`, or None for what goes on; and the lines that one should see then.

    `line` is the index in the file of the first of these lines. `expected` is None if any output will do.
    """

    command: str | None
    line: int
    expected: tuple[str, ...] | None = ()


@dataclass(frozen=True)
class Block:
    """A fenced block with the language `console` or `sh`. `line` is the number of its fence, from 1."""

    line: int
    entries: tuple[Entry, ...] = ()
    terminal: int = 1
    goes_on: bool = False
    exit: int = 0
    varies: tuple[str, ...] = field(default=())
    not_run: str = ""


def blocks(text: str) -> list[Block]:
    """Return the blocks of a text in their order. Raises FormatError."""
    found, above = [], ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "fence" and token.info.strip() in LANGUAGES:
            found.append(_block(token, above))
        elif token.type == "fence" and COMMENT.match(above):
            raise FormatError(f"line {_line(token)}: only a block marked {' or '.join(LANGUAGES)} can be run")
        above = token.content.strip() if token.type == "html_block" else ""
    _check_terminals(found)
    return found


def _block(token: Token, above: str) -> Block:
    block = Block(_line(token))
    if match := COMMENT.fullmatch(above):
        if match[1] == "not run":
            if not match[2]:
                raise FormatError(f"line {block.line}: say why it is not run, as in <!-- not run: REASON -->")
            return replace(block, not_run=match[2])
        block = _with_options(block, match[2])
    lines = token.content.splitlines()
    read = _console if token.info.strip() == "console" else _script
    block = replace(block, entries=tuple(read(lines, block.line)))
    if not block.entries:
        raise FormatError(f"line {block.line}: there is nothing to run")
    return block


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0] + 1


def _with_options(block: Block, words: str) -> Block:
    """Return the block with the options of the comment above it."""
    for word in shlex.split(words):
        name, _, value = word.partition("=")
        if word == "goes-on":
            block = replace(block, goes_on=True)
        elif name == "terminal" and value.isdigit():
            block = replace(block, terminal=int(value))
        elif name == "exit" and value.isdigit():
            block = replace(block, exit=int(value))
        elif name == "varies":
            block = replace(block, varies=tuple(value.split()))
            if unknown := [each for each in block.varies if each not in VARYING]:
                known = ", ".join(VARYING)
                raise FormatError(f"line {block.line}: nothing varies as {unknown[0]}; there is {known}")
        else:
            known = "terminal=1, goes-on, exit=1 and varies='number time'"
            raise FormatError(f"line {block.line}: {word!r} is no option; there is {known}")
    return block


def _console(lines: list[str], above: int) -> Iterator[Entry]:
    """Yield the entries of a `console` block, whose first line has the index `above` in the file."""
    at = 0
    while at < len(lines):
        command = None
        if lines[at] == STOP:
            command, at = STOP, at + 1
        elif lines[at].startswith("$ "):
            command, at = lines[at][2:], at + 1
            while at < len(lines) and lines[at].startswith("> "):
                command, at = f"{command}\n{lines[at][2:]}", at + 1
            if not _is_complete(command):
                raise FormatError(f"line {above + at}: the shell cannot read this command: {command}")
        begin = at
        while at < len(lines) and lines[at] != STOP and not lines[at].startswith("$ "):
            at += 1
        yield Entry(command, above + begin, tuple(lines[begin:at]))


def _script(lines: list[str], above: int) -> Iterator[Entry]:
    """Yield the commands of an `sh` block, which may print anything."""
    command = ""
    for number, line in enumerate(lines, 1):
        command = f"{command}\n{line}" if command else line
        if not command.strip() or command.lstrip().startswith("#"):
            command = ""
        elif _is_complete(command):
            yield Entry(command, above + number, None)
            command = ""
    if command:
        raise FormatError(f"line {above + len(lines)}: the shell cannot read this command: {command}")


@cache
def _is_complete(command: str) -> bool:
    """Return whether the shell would run it as it is, and not wait for more lines."""
    if command.endswith("\\"):
        return False
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False).returncode == 0


def _check_terminals(found: list[Block]) -> None:
    """Raise FormatError unless each block finds its terminal free, or stops or shows what goes on there."""
    busy: set[int] = set()
    for block in found:
        for at, entry in enumerate(block.entries):
            continues = entry.command in (STOP, None)
            if continues and block.terminal not in busy:
                raise FormatError(f"line {block.line}: nothing goes on in terminal {block.terminal}")
            if not continues and block.terminal in busy:
                raise FormatError(
                    f"line {block.line}: a command goes on in terminal {block.terminal}; "
                    f"stop it with {STOP}, or use another terminal"
                )
            busy = busy | {block.terminal} if is_left(block, at) else busy - {block.terminal}


def is_left(block: Block, at: int) -> bool:
    """Return whether what runs with an entry goes on after it: `^C` follows, or the block says so."""
    if block.entries[at].command == STOP:
        return False
    if block.entries[at].command is None:
        return True
    if at + 1 < len(block.entries):
        return block.entries[at + 1].command == STOP
    return block.goes_on
