"""`./stones load`: real or generated posts into a step's store."""

import os
import sys
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from workshop import signals, terminal
from workshop.load.naming import named

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from workshop.load.loading import Loading
    from workshop.load.progress import Watch
    from workshop.load.source import Source
    from workshop.load.tally import Tally

EXAMPLES = """\
Name one source of posts, for example
  make load FILE=posts.json        reddit submissions, or Posts.xml of Stack Exchange
  make load SUBREDDIT=python       through Reddit's API
  make load GENERATE=100000        made up, the same each time"""


@click.command()
@click.option("--step", default=0, show_default=True, help="The step whose store takes the posts.")
@click.option("--file", "path", type=named, help="A file of posts; .gz and .zst too.")
@click.option("--subreddit", help="A subreddit, such as python.")
@click.option("--generate", type=click.IntRange(min=0), help="How many posts to make up.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the made-up posts."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many posts of the source.")
@click.option(
    "--site", default="", help="The Stack Exchange site a Posts.xml is from, such as serverfault.com."
)
@click.option("--only", is_flag=True, help="Then remove the made-up posts, so that there are only real ones.")
@click.option("--restart", is_flag=True, help="Do not go on where an interrupted load stopped.")
@click.option(
    "--batch", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Posts a write."
)
def load(
    *,
    step: int,
    path: Path | None,
    subreddit: str | None,
    generate: int | None,
    seed: int,
    limit: int | None,
    site: str,
    only: bool,
    restart: bool,
    batch: int,
) -> None:
    """Load posts; loading them again updates and never doubles."""
    if sum(given is not None for given in (path, subreddit, generate)) != 1:
        raise click.UsageError(EXAMPLES)
    if only and generate is not None:
        raise click.UsageError("ONLY removes made-up posts: it goes with FILE or SUBREDDIT.")
    from workshop.load.loading import Loading  # noqa: PLC0415 - pymongo takes a while to import
    from workshop.stores import posts_collection  # noqa: PLC0415

    signals.install()
    watch = _watch()
    try:
        source = _source(
            path=path, subreddit=subreddit, generate=generate, seed=seed, limit=limit, site=site, watch=watch
        )
        with posts_collection(step) as collection:
            loading = Loading(source, collection, batch=batch, limit=limit, restart=restart, watch=watch)
            _run(loading, source)
            if generate is None:
                _made_up(collection, only)
            _advise_on_memory(step, collection)
    except KeyboardInterrupt:
        sys.exit(signals.exit_code())
    finally:
        signals.ignore()


def _source(
    *,
    path: Path | None,
    subreddit: str | None,
    generate: int | None,
    seed: int,
    limit: int | None,
    site: str,
    watch: "Watch",
) -> "Source":
    from workshop.load.files import FileSource  # noqa: PLC0415
    from workshop.load.generate import GeneratedSource  # noqa: PLC0415
    from workshop.load.subreddit import SubredditSource  # noqa: PLC0415

    if path is not None:
        source = FileSource(path, site)
        if source.format == "row" and not source.site:
            watch.note(
                f"Nothing says which site {source.name} is from, so its posts have no links. "
                "SITE=serverfault.com, say, names it."
            )
        return source
    if subreddit is not None:
        return SubredditSource(subreddit, limit, watch.note)
    return GeneratedSource(generate or 0, seed)


def _watch() -> "Watch":
    from workshop.load.progress import Bar, Lines  # noqa: PLC0415

    return Bar() if terminal.can_redraw(sys.stdout) else Lines(terminal.write)


def _run(loading: "Loading", source: "Source") -> None:
    from workshop.load.problems import LoadError  # noqa: PLC0415

    began = monotonic()
    try:
        with signals.interruptible():
            loading.run()
    except KeyboardInterrupt:
        _report(loading.tally, f"Stopped {source.name} after", began)
        again = "goes on from here" if loading.resumable else "starts over, which doubles nothing"
        click.echo(f"The same command {again}.")
        raise
    except LoadError:
        _report(loading.tally, f"{source.name} up to the error", began)
        raise
    _report(loading.tally, f"{source.name}{', resumed' if loading.resumed else ''}", began)
    if source.unit == "bytes" and not loading.tally.stored:
        raise LoadError(f"There was no post in {source.name}.")


def _made_up(posts: "Collection[dict[str, Any]]", only: bool) -> None:
    """Remove the made-up posts, or tell that they are there."""
    from workshop.load.made_up import count_made_up, remove_made_up  # noqa: PLC0415
    from workshop.load.patience import patiently  # noqa: PLC0415

    if only:
        removed = patiently(lambda: remove_made_up(posts), Event(), click.echo)
        click.echo(f"Removed {removed:,} made-up posts.")
    elif count := patiently(lambda: count_made_up(posts), Event(), click.echo):
        click.echo(
            f"{count:,} made-up posts are there beside them; with ONLY=1 the same command removes them."
        )


def _advise_on_memory(step: int, posts: "Collection[dict[str, Any]]") -> None:
    """Say how much memory MongoDB should have for so many posts, where a step copies them."""
    from workshop.load.memory import advice  # noqa: PLC0415
    from workshop.load.patience import patiently  # noqa: PLC0415
    from workshop.steps import read_step  # noqa: PLC0415

    if not os.environ.get("MONGODB_URI") and read_step(step).services:
        command = "collStats", posts.name
        size = patiently(lambda: int(posts.database.command(*command)["size"]), Event(), click.echo)
        if text := advice(size):
            terminal.write(text)


def _report(tally: "Tally", name: str, began: float) -> None:
    from workshop.load.progress import duration, summary  # noqa: PLC0415

    click.echo(f"{name}: {summary(tally)}; took {duration(monotonic() - began)}.")
    for reason, count in tally.left_out.items():
        click.echo(f"  left out: {count:,} {reason}")
    for problem in tally.examples:
        click.echo(_harmless(f"  bad: {problem.where}: {problem.reason}"))
    if tally.bad > len(tally.examples):
        click.echo(f"  and {tally.bad - len(tally.examples):,} more bad ones")


def _harmless(text: str) -> str:
    """What stood in a file may hold characters that command the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
