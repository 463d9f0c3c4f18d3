"""Shows how a load goes: a bar on a terminal, a plain line now and then elsewhere."""

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from workshop.load.source import Source
from workshop.load.tally import Tally


class Watch(Protocol):
    """Is told how a load goes. `note` may be called from another thread."""

    def begin(self, source: Source, tally: Tally) -> None:
        """The load starts; `tally` is what an earlier, interrupted one had done."""

    def step(self, tally: Tally) -> None:
        """A batch is written."""

    def note(self, text: str) -> None:
        """Something people should know meanwhile."""

    def end(self) -> None:
        """The load has ended, one way or another."""


class Quiet:
    """Says nothing."""

    def begin(self, source: Source, tally: Tally) -> None:
        """Nothing."""

    def step(self, tally: Tally) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class Lines(Quiet):
    """Says a plain line every `every` seconds: for logs and pipes."""

    def __init__(self, say: Callable[[str], None], every: float = 10.0) -> None:
        self._say = say
        self._every = every

    def begin(self, source: Source, tally: Tally) -> None:
        """Start the clock."""
        self._pace = Pace(source, tally)
        self._said = monotonic()

    def step(self, tally: Tally) -> None:
        """Say how far it is, if it is time to."""
        self._pace.step(tally)
        if monotonic() - self._said >= self._every:
            self._said = monotonic()
            left = "" if self._pace.left is None else f", about {duration(self._pace.left)} left"
            self._say(f"{summary(tally)}; {self._pace.rate:,.0f}/s{left}")

    def note(self, text: str) -> None:
        """Say it at once."""
        self._say(text)


class Bar(Quiet):
    """A bar with counts, rate and time left, on a terminal."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - rich takes a while to import

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}", markup=False),
        )

    def begin(self, source: Source, tally: Tally) -> None:
        """Draw it."""
        self._source = source
        self._pace = Pace(source, tally)
        self._task = self._bar.add_task(source.name, total=source.total, counts=summary(tally))
        self._bar.start()

    def step(self, tally: Tally) -> None:
        """Move it on."""
        self._pace.step(tally)
        left = "" if self._pace.left is None else f", {duration(self._pace.left)} left"
        counts = f"{summary(tally)}; {self._pace.rate:,.0f}/s{left}"
        self._bar.update(self._task, completed=self._source.done, counts=counts)

    def note(self, text: str) -> None:
        """Print it above the bar."""
        self._bar.console.print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class Pace:
    """How fast a load goes and how long it still takes, without what an earlier, interrupted one did."""

    def __init__(self, source: Source, tally: Tally) -> None:
        self._source = source
        self._began = monotonic()
        self._records = tally.records
        self._start: tuple[float, int] | None = None
        self.rate = 0.0
        """Records a second."""
        self.left: float | None = None
        """Seconds to the end, None while that cannot be told."""

    def step(self, tally: Tally) -> None:
        """Measure again."""
        now, done, total = monotonic(), self._source.done, self._source.total
        self.rate = (tally.records - self._records) / max(now - self._began, 1e-3)
        if self._start is None:
            # Not from the beginning: what is passed over to go on from an earlier load passes faster.
            self._start = now, done
        began, before = self._start
        if total is not None and done > before:
            self.left = (now - began) * max(total - done, 0) / (done - before)


def summary(tally: Tally) -> str:
    """The counts in words."""
    words = f"{tally.new:,} new, {tally.updated:,} updated, {tally.unchanged:,} unchanged, {tally.bad:,} bad"
    return words + (f", {tally.skipped:,} left out" if tally.skipped else "")


def duration(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
