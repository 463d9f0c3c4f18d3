"""Shows what a comparison works on, and how long it will still take."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from workshop.compare.plan import Block
from workshop.load.progress import duration


class Shown:
    """Prints a line for each of `count` blocks, of which some were `done` by an earlier part of the run. On a
    terminal the line of the present block is written over.
    """

    def __init__(self, count: int, done: int = 0) -> None:
        self._count, self._number = count, done
        self._is_terminal = sys.stderr.isatty()

    @contextmanager
    def block(self, block: Block, seconds_left: float) -> Iterator[None]:
        """Show a block inside the block."""
        self._number += 1
        now = datetime.now().astimezone()
        text = (
            f"{now:%H:%M:%S}  {self._number}/{self._count} {block.name}; about {duration(seconds_left)} left"
        )
        if not self._is_terminal:
            click.echo(text)
            yield
            return
        click.echo(f"\r\033[K{text}", err=True, nl=False)
        try:
            yield
        finally:
            click.echo("\r\033[K", err=True, nl=False)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        click.echo(f"\r\033[K{text}" if self._is_terminal else text, err=True)
