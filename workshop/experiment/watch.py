"""`./stones watch search`: shows how long searches take while other readers share posts."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from threading import Event, Thread

import click

from workshop import signals, terminal
from workshop.compare.workload.corpus import newest_posts, search_words
from workshop.compare.workload.face import several
from workshop.compare.workload.readers import new_account
from workshop.experiment.readers import PACE_SECONDS, SharingReader
from workshop.experiment.searches import Search, Searches
from workshop.experiment.summary import summarise
from workshop.run.lock import require_running, running_steps
from workshop.steps import read_step

RATE = 5.0
"""Searches a second: no step is busy with so few."""

WORDS = 10
POSTS = 50
MOST_READERS = 200
TICK_SECONDS = 0.1
LINE = "{:>6}{:>12}{:>13}{:>15}"


@click.command()
@click.argument("what", type=click.Choice(["search"]))
@click.option("--step", "number", default=0, show_default=True, help="The step to watch. It has to run.")
@click.option(
    "--sharing",
    default=20,
    show_default=True,
    type=click.IntRange(0, MOST_READERS),
    help="How many readers share posts meanwhile. They are signed up for that.",
)
@click.option("--seconds", type=click.IntRange(min=1), help="For how long; until Ctrl-C by default.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON each second, and one at the end.")
def watch(what: str, number: int, sharing: int, seconds: int | None, as_json: bool) -> None:
    """Search a running step five times a second, and show how long it takes.

    Each line shows the time since the start, how many searches were sent, how many of them have got a
    response, and the longest that one has taken or has been waiting.
    """
    signals.install()
    write = terminal.write
    try:
        require_running(number)
        with signals.interruptible():
            searches, readers = _prepare(_url(number), sharing)
    except KeyboardInterrupt:
        sys.exit(signals.exit_code())
    if not as_json:
        write(f"{sharing} readers share posts, and one searches {RATE:g} times a second. Ctrl-C ends it.")
        write(LINE.format("time", "searches", "responses", "slowest"))
    _run(searches, readers, seconds, lambda passed: write(_line(passed, searches.sent, as_json)))
    shares = sum((each.outcomes for each in readers), Counter[int | str]())
    summary = summarise(searches.sent, shares)
    write(json.dumps(asdict(summary)) if as_json else summary.in_words())


def _url(number: int) -> str:
    run = running_steps().get(number)
    return run.url if run else read_step(number).url


def _prepare(url: str, sharing: int) -> tuple[Searches, list[SharingReader]]:
    """Sign up all readers, and find what to search and to share. Raises click.ClickException."""
    posts = newest_posts(url, POSTS)
    if not posts:
        raise click.ClickException(
            "The step has no posts, so there is nothing to search. `make load` has some."
        )
    words = search_words(url, WORDS) or ["post"]
    tokens = several(lambda _: new_account(url).token, range(1 + sharing))
    searcher, *others = ({"Accept": "application/json", "Authorization": f"Bearer {each}"} for each in tokens)
    readers = [SharingReader(url, headers, posts) for headers in others]
    return Searches(url, searcher, words, RATE), readers


def _run(
    searches: Searches, readers: Sequence[SharingReader], seconds: int | None, show: Callable[[int], None]
) -> None:
    """Let them work for so many seconds or until a signal, and then wait for the last responses. Call `show`
    every second.
    """
    ended, began, shown = Event(), time.monotonic(), 0
    most = None if seconds is None else round(seconds * RATE)
    searching = Thread(target=searches.send, args=(ended, most), daemon=True)
    searching.start()
    for place, reader in enumerate(readers):
        # Not all at the same moment: that is no usual load, and nobody else would get a thread then.
        first = PACE_SECONDS * place / len(readers)
        Thread(target=reader.share, args=(ended, first), daemon=True).start()
    while searching.is_alive() or not all(each.has_ended for each in searches.sent):
        time.sleep(TICK_SECONDS)
        passed = int(time.monotonic() - began)
        if signals.received() or not searching.is_alive():
            ended.set()
        if passed > shown:
            shown = passed
            show(passed)


def _line(passed: int, sent: Sequence[Search], as_json: bool) -> str:
    searches = list(sent)
    responses = sum(each.status is not None for each in searches)
    slowest = round(max((each.age() for each in searches), default=0.0) * 1000)
    if as_json:
        found = {"seconds": passed, "searches": len(searches), "responses": responses, "slowest_ms": slowest}
        return json.dumps(found)
    return LINE.format(f"{passed} s", len(searches), responses, f"{slowest:,} ms")
