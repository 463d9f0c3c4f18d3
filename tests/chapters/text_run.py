"""Runs the blocks of a text, one after another, as a reader does who follows it."""

import time
from pathlib import Path

from tests.chapters.blocks import STOP, Block, Entry, is_left
from tests.chapters.checkout import Checkout
from tests.chapters.patterns import ANY, Pattern, cleaned
from tests.chapters.rewriting import corrected, difference, rewritten
from tests.chapters.terminal import Terminal, TerminalClosed
from tests.support.eventually import is_true_within

SECONDS = 300.0
"""How long a command may take, and what it prints to appear, on the slowest machine."""

END_SECONDS = 60.0
"""How long processes may need to end when their terminals are closed."""

QUIET_SECONDS = 30.0
"""After so long without output, what a command that goes on has printed is taken as its output."""

INTERRUPTED = 130
DIFFERS = "it printed something else (`-` expected, `+` printed)"
SHOWN_LINES = 60


class BlockFailed(Exception):
    """What happened was not what the text says. The message shows both."""


class TextRun:
    """A text that is followed, in a copy of the checkout. With `fix`, output that differs is written into the
    text at the end.
    """

    def __init__(
        self,
        path: Path,
        checkout: Checkout,
        *,
        fix: bool = False,
        seconds: float = SECONDS,
        end_seconds: float = END_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._path, self._checkout, self._fix = path, checkout, fix
        self._seconds, self._end_seconds, self._quiet_seconds = seconds, end_seconds, quiet_seconds
        self._text = path.read_text(encoding="utf-8")
        self._terminals: dict[int, Terminal] = {}
        self._noted: list[tuple[Entry, list[str]]] = []
        self.failed_line = 0

    def run(self, block: Block) -> None:
        """Run a block until it ends, or until what it shows has appeared. Raises BlockFailed."""
        try:
            for at, entry in enumerate(block.entries):
                self._run(block, entry, goes_on=is_left(block, at), is_last=at == len(block.entries) - 1)
        except BaseException:
            self.failed_line = block.line
            raise

    def close(self) -> list[str]:
        """Stop what goes on, as a reader does at the end, and write into the text what was noted. Return what
        is wrong at the end.
        """
        problems = []
        for number, terminal in self._terminals.items():
            if not self._is_stopped(terminal):
                problems.append(f"What runs in terminal {number} does not stop at Ctrl-C.")
            terminal.close()
        problems += [
            f"This ran on, and was killed: {each}" for each in self._checkout.remove(self._end_seconds)
        ]
        if self._noted and self._path.read_text(encoding="utf-8") != self._text:
            problems.append(f"{self._path} was changed meanwhile, so nothing was written into it.")
        elif self._noted:
            self._path.write_text(rewritten(self._text, self._noted), encoding="utf-8")
        return problems

    def _run(self, block: Block, entry: Entry, *, goes_on: bool, is_last: bool) -> None:
        if block.terminal not in self._terminals:
            self._terminals[block.terminal] = Terminal(self._checkout.folder, self._checkout.environment)
        terminal = self._terminals[block.terminal]
        pattern = Pattern((ANY,) if entry.expected is None else entry.expected, block.varies)
        codes = {block.exit if is_last else 0} | ({INTERRUPTED} if entry.command == STOP else set())
        try:
            if entry.command == STOP:
                terminal.interrupt()
            elif entry.command is not None:
                terminal.run(self._checkout.command(entry.command))
            wait = self._await_output if goes_on else self._await_end
            problem = wait(terminal, pattern, codes)
        except TerminalClosed:
            problem = "the shell of this terminal ended"
        if problem == DIFFERS and self._fix:
            self._noted.append((entry, corrected(pattern, cleaned(self._unread(terminal)))))
            terminal.read_all()
        elif problem:
            raise BlockFailed(self._message(block, entry, pattern, problem))

    def _await_output(self, terminal: Terminal, pattern: Pattern, _codes: set[int]) -> str:
        """Wait until the lines have appeared. Return the problem, if there is one."""
        last, since = "", time.monotonic()

        def is_settled() -> bool:
            nonlocal last, since
            has_ended, printed = not terminal.is_busy, self._unread(terminal)
            if pattern.lines_of(printed) is not None or has_ended:
                return True
            if printed != last:
                last, since = printed, time.monotonic()
            if not self._fix:
                return pattern.is_hopeless(printed)
            return bool(printed) and time.monotonic() > since + self._quiet_seconds

        in_time = is_true_within(self._seconds, is_settled)
        lines = pattern.lines_of(self._unread(terminal))
        if lines is not None:
            terminal.read(lines)
            return ""
        if not terminal.is_busy:
            return f"it should go on, but ended with exit code {terminal.code}"
        return DIFFERS if in_time else f"this did not appear within {self._seconds:.0f} s"

    def _await_end(self, terminal: Terminal, pattern: Pattern, codes: set[int]) -> str:
        """Wait until it has ended. Return the problem, if there is one."""
        if not is_true_within(self._seconds, lambda: not terminal.is_busy):
            return f"it did not end within {self._seconds:.0f} s"
        if terminal.code not in codes:
            return f"it ended with exit code {terminal.code} instead of {min(codes)}"
        return "" if pattern.is_all(self._unread(terminal)) else DIFFERS

    def _is_stopped(self, terminal: Terminal) -> bool:
        try:
            terminal.interrupt()
            return is_true_within(self._seconds, lambda: not terminal.is_busy)
        except TerminalClosed:
            return True

    def _unread(self, terminal: Terminal) -> str:
        return self._checkout.shown(terminal.unread)

    def _message(self, block: Block, entry: Entry, pattern: Pattern, problem: str) -> str:
        """Return what a person needs to see."""
        where = f"{self._path}:{entry.line}, terminal {block.terminal}"
        lines = [f"{where}: {entry.command or 'what goes on'}", f"{problem}:", ""]
        lines += _shortened(difference(pattern, cleaned(self._unread(self._terminals[block.terminal]))))
        for number, other in self._terminals.items():
            if number != block.terminal and (printed := cleaned(self._unread(other))):
                lines += ["", f"Meanwhile terminal {number} has printed:", *_shortened(printed)]
        return "\n".join([*lines, "", "`make test-chapters FIX=1` writes what is printed into the text."])


def _shortened(lines: list[str]) -> list[str]:
    left_out = len(lines) - SHOWN_LINES
    return lines if left_out <= 0 else [f"({left_out} lines are left out here)", *lines[-SHOWN_LINES:]]
