"""`./stones load`: loads real or generated posts into a step's store."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from workshop import signals, terminal
from workshop.run.lock import runs_in_containers

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from workshop.load.loading import Loading
    from workshop.load.progress import Progress
    from workshop.load.source import Source
    from workshop.load.tally import Tally

EXAMPLES = """\
Name one source of posts, for example
  make load FILE=posts.json        reddit submissions, or Posts.xml of Stack Exchange
  make load SUBREDDIT=python       through Reddit's API
  make load GENERATE=100000        generated posts, the same each time"""


CALLED_FROM = "LOAD_FROM"
"""The variable with the folder in which make was called. With `make -C` the workshop runs in another."""


def existing_path(text: str) -> Path:
    """Return the path of the file that `text` names, relative to where make was called, else to here.

    If there is no file of that very name, expand `~` and `$NAME`, which shells do not do everywhere, and `$$`
    as make does.
    """
    for path in _candidates(text):
        if path.exists():
            return path
    return Path(text)


def _candidates(text: str) -> Iterator[Path]:
    names = [text, text.replace("$$", "$")]
    names += [os.path.expandvars(os.path.expanduser(each)) for each in names]  # noqa: PTH111 - as text
    for name in names:
        yield Path(os.environ.get(CALLED_FROM) or ".", name)
        yield Path(name)


@click.command()
@click.option("--step", default=0, show_default=True, help="The step whose store gets the posts.")
@click.option(
    "--file", "path", type=existing_path, help="A file of posts, also packed as .gz, .zst, .bz2, .xz or .zip."
)
@click.option("--subreddit", help="A subreddit, such as python.")
@click.option("--generate", type=click.IntRange(min=0), help="How many posts to generate.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="The seed of the generated posts.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Load at most so many posts of the source.")
@click.option("--site", default="", help="The Stack Exchange site of a Posts.xml, such as serverfault.com.")
@click.option("--only", is_flag=True, help="Remove the generated posts after the load.")
@click.option(
    "--restart", is_flag=True, help="Start from the beginning, not where an interrupted load stopped."
)
@click.option(
    "--batch", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Posts in one write."
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
    """Load posts. Loading the same posts again updates them and makes no duplicates."""
    if sum(given is not None for given in (path, subreddit, generate)) != 1:
        raise click.UsageError(EXAMPLES)
    if only and generate is not None:
        raise click.UsageError("ONLY removes generated posts, so use it with FILE or SUBREDDIT.")
    if runs_in_containers(step):
        from workshop.containers.tools import given_options, inside_name, run_inside  # noqa: PLC0415

        files = [path] if path else []
        named = ["--file", inside_name(path)] if path else []
        words = given_options(click.get_current_context(), "step", "path")
        run_inside(step, "load", *named, *words, files=files)
        return
    from workshop.load.loading import Loading  # noqa: PLC0415 - pymongo takes a while to import
    from workshop.stores import posts_collection  # noqa: PLC0415

    signals.install()
    progress = _progress()
    try:
        source = _source(
            path=path,
            subreddit=subreddit,
            generate=generate,
            seed=seed,
            limit=limit,
            site=site,
            progress=progress,
        )
        with posts_collection(step) as collection:
            loading = Loading(
                source, collection, batch=batch, limit=limit, restart=restart, progress=progress
            )
            _run(loading, source)
            if generate is None:
                _handle_generated(collection, only)
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
    progress: "Progress",
) -> "Source":
    from workshop.load.files.source import FileSource  # noqa: PLC0415
    from workshop.load.generate import GeneratedSource  # noqa: PLC0415
    from workshop.load.reddit_api.subreddit import SubredditSource  # noqa: PLC0415

    if path is not None:
        source = FileSource(path, site)
        if source.format == "row" and not source.site:
            progress.note(
                f"The site of {source.name} is unknown, so its posts have no links. "
                "Name it, for example with SITE=serverfault.com."
            )
        return source
    if subreddit is not None:
        return SubredditSource(subreddit, limit, progress.note)
    return GeneratedSource(generate or 0, seed)


def _progress() -> "Progress":
    from workshop.load.progress import ProgressBar, ProgressLines  # noqa: PLC0415

    return ProgressBar() if terminal.can_redraw(sys.stdout) else ProgressLines(terminal.write)


def _run(loading: "Loading", source: "Source") -> None:
    from workshop.load.problems import LoadError  # noqa: PLC0415

    began = monotonic()
    try:
        with signals.interruptible():
            loading.run()
    except KeyboardInterrupt:
        _report(loading.tally, f"Stopped {source.name} after", began)
        again = "goes on from here" if loading.resumable else "starts over; that makes no duplicates"
        click.echo(f"The same command {again}.")
        raise
    except LoadError:
        _report(loading.tally, f"{source.name} until the error", began)
        raise
    _report(loading.tally, f"{source.name}{', resumed' if loading.resumed else ''}", began)
    if source.unit == "bytes" and not loading.tally.stored:
        raise LoadError(f"There was no post in {source.name}.")


def _handle_generated(posts: "Collection[dict[str, Any]]", only: bool) -> None:
    """Remove the generated posts, or report that there are some."""
    from workshop.load.generate import count_generated, remove_generated  # noqa: PLC0415
    from workshop.load.writing.retry import retry_while_unavailable  # noqa: PLC0415

    if only:
        removed = retry_while_unavailable(lambda: remove_generated(posts), Event(), click.echo)
        click.echo(f"Removed {removed:,} generated posts.")
    elif count := retry_while_unavailable(lambda: count_generated(posts), Event(), click.echo):
        click.echo(f"There are also {count:,} generated posts; with ONLY=1 the same command removes them.")


def _advise_on_memory(step: int, posts: "Collection[dict[str, Any]]") -> None:
    """Print how much memory MongoDB should have for so many posts, if the step copies them."""
    from workshop.load.writing.retry import retry_while_unavailable  # noqa: PLC0415
    from workshop.steps import read_step  # noqa: PLC0415
    from workshop.stores.mongod import cache_advice  # noqa: PLC0415

    if not os.environ.get("MONGODB_URI") and read_step(step).services:

        def read_size() -> int:
            return int(posts.database.command("collStats", posts.name)["size"])

        if text := cache_advice(retry_while_unavailable(read_size, Event(), click.echo)):
            terminal.write(text)


def _report(tally: "Tally", name: str, began: float) -> None:
    from workshop.load.progress import duration, summary  # noqa: PLC0415

    click.echo(f"{name}: {summary(tally)}; took {duration(monotonic() - began)}.")
    for reason, count in tally.left_out.items():
        click.echo(f"  left out: {count:,} {reason}")
    for problem in tally.examples:
        click.echo(_printable(f"  bad: {problem.where}: {problem.reason}"))
    if tally.bad > len(tally.examples):
        click.echo(f"  and {tally.bad - len(tally.examples):,} more bad ones")


def _printable(text: str) -> str:
    """Replace characters of a file's content that would control the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
