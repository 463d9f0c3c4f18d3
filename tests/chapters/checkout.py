"""Where the blocks of a text run: a copy of the checkout with a state folder and ports of its own."""

import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import psutil

from tests.support.make import environment
from workshop.default_ports import default_ports
from workshop.ports import free_port
from workshop.processes.exits import await_exit, is_running

SHOWN = "/path/to/stepping-stones"
"""What texts show as the path of the checkout."""

COLUMNS = "110"
KILL_SECONDS = 30.0
PLACE = r"(?:(?<=[:=])|(?<=[Pp]ort )|(?<=[Pp]ort[=:] ))"
"""Where a number is a port."""


class Checkout:
    """A copy of the checkout, which is removed at the end. Texts name the default ports; here free ones are
    used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = {variable: free_port() for variable in default_ports()}
        self._own = {str(port): str(self._ports[variable]) for variable, port in default_ports().items()}

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The variables of a shell in it."""
        ports = {variable: str(port) for variable, port in self._ports.items()}
        plain = {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": COLUMNS, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        return environment(**ports, **plain, PWD=str(self.folder))

    def command(self, text: str) -> str:
        """Return a command of a text with the ports of this copy."""
        return re.sub(_any_of(self._own), lambda match: self._own[match[0]], text)

    def shown(self, printed: str) -> str:
        """Return what was printed as a text shows it."""
        lines = printed.replace(str(self.folder), SHOWN).split("\n")
        return "\n".join(
            _replaced(line, {own: default for default, own in self._own.items()}) for line in lines
        )

    def processes(self) -> list[psutil.Process]:
        """Return what runs in this copy."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if Path(process.cwd()).is_relative_to(self.folder) and is_running(process):
                    found.append(process)
        return found

    def remove(self, seconds: float) -> list[str]:
        """Remove it. Return the command lines of the processes that still ran after so long, which are
        killed.
        """
        left = await_exit(self.processes(), seconds)
        found = []
        for process in left:
            with suppress(psutil.NoSuchProcess):
                found.append(" ".join(process.cmdline()))
                process.kill()
        await_exit(left, KILL_SECONDS)
        shutil.rmtree(self.folder)
        return found


def _any_of(ports: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"{PLACE}(?:{'|'.join(ports)})\b(?!\.\d)")


def _replaced(line: str, ports: Mapping[str, str]) -> str:
    """Return the line with other ports, and its columns where they were."""
    at = 0
    while match := _any_of(ports).search(line, at):
        port, rest = ports[match[0]], line[match.end() :]
        at = match.start() + len(port)
        if gap := re.match(" (?=[0-9])", rest) or re.search("  ", rest):
            rest = rest[: gap.start()] + " " * (len(match[0]) - len(port)) + rest[gap.start() :]
        line = line[: match.start()] + port + rest
    return line
