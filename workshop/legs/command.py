"""`./stones legs`: shows through which parts a like and a search go at each step, from the steps' traces."""

import sys
from pathlib import Path

import click

from workshop import signals
from workshop.legs.running import trace
from workshop.legs.ways import FILE, FOLDER, VERBS, read, replaced, write
from workshop.state import ROOT
from workshop.steps import step_numbers
from workshop.terminal import write as say


@click.command()
@click.argument("verbs", nargs=-1, type=click.Choice(VERBS))
@click.option("--step", type=int, help="Only this step, not all of them.")
@click.option("--write", "is_to_write", is_flag=True, help="Write the data and the pictures again, too.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    help=f"Where these are, instead of in {FOLDER.relative_to(ROOT)}/.",
)
def legs(verbs: tuple[str, ...], step: int | None, is_to_write: bool, folder: Path) -> None:
    """Show the legs of a request at each step: the HTTP requests that it takes.

    VERBS are like and search; by default both. Each step is started with a state of its own, and sends its
    spans to this command.
    """
    found = []
    signals.install()
    try:
        with signals.interruptible():
            for number in step_numbers() if step is None else [step]:
                ways = trace(number, verbs or VERBS)
                found += ways
                for way in ways:
                    say(f"{way.as_text()}\n")
    except KeyboardInterrupt:
        sys.exit(signals.exit_code())
    if is_to_write:
        from workshop.legs.pictures import write_pictures  # noqa: PLC0415 - only who writes draws

        known = replaced(read(folder) if (folder / FILE).exists() else [], found)
        write(known, folder)
        write_pictures(known, folder)
        say(f"Written: {folder}")
