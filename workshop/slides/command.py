"""`./stones slides`: builds the decks."""

from pathlib import Path

import click

from workshop.figures.figure import published_figures
from workshop.slides import programs
from workshop.slides.deck import filled, read_deck, timed
from workshop.slides.pictures import inlined
from workshop.state import ROOT

DECKS = ("half-day", "one-hour")
BUILT = ROOT / "artefacts" / "slides"


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=BUILT,
    help="Where they are written.  [default: artefacts/slides]",
)
def slides(folder: Path) -> None:
    """Build the decks: each as one HTML file that works offline, and as a PDF if there is a Chromium."""
    figures, browser = published_figures(), programs.find_browser()
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for name in DECKS:
        deck = timed(filled(read_deck(programs.SLIDES / f"{name}.md"), figures))
        page = folder / f"{name}.html"
        page.write_text(inlined(programs.to_html(deck), programs.SLIDES), encoding="utf-8")
        click.echo(page)
        if browser:
            programs.to_pdf(browser, page, page.with_suffix(".pdf"))
            click.echo(page.with_suffix(".pdf"))
    if not browser:
        click.echo(programs.without_browser(), err=True)
