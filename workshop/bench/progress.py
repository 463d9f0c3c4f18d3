"""Shows on a terminal what is measured and for how long. Nothing of it goes elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from workshop.load.progress import duration


class _Elapsed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{duration(task.elapsed or 0)} of about {duration(task.fields['seconds'])}")


@contextmanager
def showing(what: str, seconds: float) -> Iterator[None]:
    """Show it inside the block, and leave no trace of it afterwards."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), _Elapsed())
    # Once a second, as drawing takes time from what is measured.
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=1) as progress:
        progress.add_task(what, total=None, seconds=seconds)
        yield
