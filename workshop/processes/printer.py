"""Prints the output of a step's processes line by line, each line with the time and the process's name."""

import itertools
import sys
import threading
import time

from workshop import terminal

SYSTEM = "system"
COLOURS = ("36", "33", "32", "35", "31", "34", "36;1", "33;1", "32;1", "35;1", "31;1", "34;1")


class Printer:
    """Prints from any thread. On a terminal each name has a colour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._width = len(SYSTEM)
        self._colours: dict[str, str] = {}
        self._unused = itertools.cycle(COLOURS)

    def add_name(self, name: str) -> None:
        """Make room for a name, and give it a colour."""
        with self._lock:
            self._width = max(self._width, len(name))
            if name not in self._colours:
                self._colours[name] = next(self._unused)

    def line(self, name: str, text: str) -> None:
        """Print a line of the process `name`."""
        with self._lock:
            prefix = f"{time.strftime('%H:%M:%S')} {name:{self._width}} | "
            if name in self._colours and terminal.has_colours(sys.stdout):
                prefix = f"\033[0m\033[{self._colours[name]}m{prefix}\033[0m"
            terminal.write(f"{prefix}{text}")

    def plain(self, text: str) -> None:
        """Print lines without time and name."""
        with self._lock:
            terminal.write(text)

    def system(self, text: str) -> None:
        """Print lines of the workshop itself."""
        for line in text.splitlines():
            self.line(SYSTEM, line)
