"""A terminal: one shell that stays, so that folders and variables last from one command to the next."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tests.support.eventually import is_true_within

SHELL = r"""
trap 'break 99 2>/dev/null' INT
follow() { eval "$1"; }
(trap '' INT; read -r -u GUARD; kill -KILL 0) CODES>&- COMMANDS<&- >/dev/null 2>&1 &
disown
while :; do
    IFS= read -r -d '' -u COMMANDS output || { [ $? -gt 128 ] && continue; break; }
    IFS= read -r -d '' -u COMMANDS command
    follow "$command" >>"$output" 2>&1 GUARD<&- CODES>&- COMMANDS<&-
    echo $? >&CODES
done
"""
"""Runs what it reads from COMMANDS, prints exit codes to CODES, and kills all that runs when GUARD is closed,
which happens however its caller ends.

Ctrl-C ends loops, as in an interactive shell; the function keeps it from ending the one here. Each command
prints into a file of its own: what an earlier one left behind does not print between its lines.
"""

GUARDS = 1
"""Child processes that the shell always has."""

BEGIN_SECONDS = 2.0
"""How long to wait for a command's process; a command may have none."""


class TerminalClosed(Exception):
    """The shell has ended: by `exit`, or because it was killed."""


class Terminal:
    """A shell in a session of its own, in which one command runs at a time."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="terminal")
        self._number, self._read, self._code, self._is_busy = 0, 0, 0, False
        commands, self._commands = os.pipe()
        self._codes, codes = os.pipe()
        guard, self._guard = os.pipe()
        script = SHELL
        for name, end in {"COMMANDS": commands, "CODES": codes, "GUARD": guard}.items():
            script = script.replace(name, str(end))
        self._shell = subprocess.Popen(
            ["bash", "--norc", "-c", script],
            cwd=folder,
            env={**env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[commands, codes, guard],
            start_new_session=True,
        )
        for end in (commands, codes, guard):
            os.close(end)

    @property
    def is_busy(self) -> bool:
        """Whether a command runs. Raises TerminalClosed."""
        if self._is_busy and select.select([self._codes], [], [], 0)[0]:
            line = os.read(self._codes, 16)
            if not line:
                raise TerminalClosed
            self._code, self._is_busy = int(line), False
        return self._is_busy

    @property
    def code(self) -> int:
        """The exit code of the last command that has ended."""
        return self._code

    @property
    def unread(self) -> str:
        """What the last command has printed since `run`, `read` or `interrupt`."""
        printed = self._output.read_text(encoding="utf-8", errors="replace")
        return "\n".join(printed.split("\n")[self._read :])

    def read(self, lines: int) -> None:
        """Leave out these lines from now on."""
        self._read += lines

    def read_all(self) -> None:
        """Leave out all that has been printed until now."""
        self.read(self.unread.count("\n"))

    def run(self, command: str) -> None:
        """Begin a command."""
        assert not self.is_busy
        self._number, self._read, self._is_busy = self._number + 1, 0, True
        self._output.touch()
        os.write(self._commands, f"{self._output}\0{command}\0".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, if anything runs."""
        if not self.is_busy:
            return
        shell = psutil.Process(self._shell.pid)
        is_true_within(BEGIN_SECONDS, lambda: len(shell.children()) > GUARDS)
        self.read_all()
        with suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGINT)

    def close(self) -> None:
        """Kill all that runs here."""
        for end in (self._guard, self._commands, self._codes):
            os.close(end)
        self._shell.wait()
        self._files.cleanup()

    @property
    def _output(self) -> Path:
        return Path(self._files.name) / str(self._number)
