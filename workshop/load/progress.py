"""Shows the progress of a load: a bar on a terminal, otherwise a plain line from time to time."""

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from workshop.load.source import Source
from workshop.load.tally import Tally


class Progress(Protocol):
    """Receives the progress of a load. `note` may be called from another thread."""

    def start(self, source: Source, tally: Tally) -> None:
        """Start to show a load; `tally` is what an earlier, interrupted one had done."""

    def update(self, tally: Tally) -> None:
        """Show that a batch is written."""

    def note(self, text: str) -> None:
        """Show a message."""

    def stop(self) -> None:
        """Stop showing the load, whether or not it succeeded."""


class NoProgress:
    """Shows nothing."""

    def start(self, source: Source, tally: Tally) -> None:
        """Do nothing."""

    def update(self, tally: Tally) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class ProgressLines(NoProgress):
    """Prints a plain line every `interval` seconds, for logs and pipes."""

    def __init__(self, print_line: Callable[[str], None], interval: float = 10.0) -> None:
        self._print_line = print_line
        self._interval = interval

    def start(self, source: Source, tally: Tally) -> None:
        self._pace = Pace(source, tally)
        self._printed_at = monotonic()

    def update(self, tally: Tally) -> None:
        self._pace.update(tally)
        if monotonic() - self._printed_at >= self._interval:
            self._printed_at = monotonic()
            left = "" if self._pace.left is None else f", about {duration(self._pace.left)} left"
            self._print_line(f"{summary(tally)}; {self._pace.rate:,.0f}/s{left}")

    def note(self, text: str) -> None:
        self._print_line(text)


class ProgressBar(NoProgress):
    """A bar with counts, rate and remaining time, on a terminal."""

    def __init__(self) -> None:
        from rich import progress  # noqa: PLC0415 - it takes a while to import

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.TextColumn("{task.fields[counts]}", markup=False),
        )

    def start(self, source: Source, tally: Tally) -> None:
        self._source = source
        self._pace = Pace(source, tally)
        self._task = self._bar.add_task(source.name, total=source.total, counts=summary(tally))
        self._bar.start()

    def update(self, tally: Tally) -> None:
        self._pace.update(tally)
        left = "" if self._pace.left is None else f", {duration(self._pace.left)} left"
        counts = f"{summary(tally)}; {self._pace.rate:,.0f}/s{left}"
        self._bar.update(self._task, completed=self._source.done, counts=counts)

    def note(self, text: str) -> None:
        """Print a message above the bar."""
        self._bar.console.print(text, markup=False, highlight=False)

    def stop(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class Pace:
    """The speed of a load and its remaining time. What an earlier, interrupted load did is not part of it."""

    def __init__(self, source: Source, tally: Tally) -> None:
        self._source = source
        self._began = monotonic()
        self._records = tally.records
        self._start: tuple[float, int] | None = None
        self.rate = 0.0
        """Records a second."""
        self.left: float | None = None
        """Seconds to the end, None while it is unknown."""

    def update(self, tally: Tally) -> None:
        """Measure again."""
        now, done, total = monotonic(), self._source.done, self._source.total
        self.rate = (tally.records - self._records) / max(now - self._began, 1e-3)
        if self._start is None:
            # Not from the beginning: the records that an earlier load has done pass faster.
            self._start = now, done
        began, before = self._start
        if total is not None and done > before:
            self.left = (now - began) * max(total - done, 0) / (done - before)


def summary(tally: Tally) -> str:
    """Return the counts in words."""
    words = f"{tally.new:,} new, {tally.updated:,} updated, {tally.unchanged:,} unchanged, {tally.bad:,} bad"
    return words + (f", {tally.skipped:,} left out" if tally.skipped else "")


def duration(seconds: float) -> str:
    """Return a length of time in words."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
