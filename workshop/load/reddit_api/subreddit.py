"""The posts of a subreddit, through PRAW and Reddit's API.

Reddit lists the newest thousand and the best thousand of all time; the two take turns, so that a few posts
are enough to have some that people liked. Credentials come from the environment or from praw.ini:
https://praw.readthedocs.io/en/latest/getting_started/configuration.html
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from workshop.load.post import NOBODY
from workshop.load.problems import BadRecord, LoadError, Problem
from workshop.load.reddit import post_from_reddit
from workshop.load.reddit_client import TOO_OFTEN, Unreachable, explained, reddit_client
from workshop.load.source import Identity, Record

if TYPE_CHECKING:
    from praw.models import Submission
    from prawcore import TooManyRequests

TRIES = 5
CUTS = 1
"""How often a page is asked for again when PRAW, which tries three times itself, has had no answer."""

LONGEST_WAIT = 600.0
"""Seconds; Reddit's window for counting requests is as long."""

_NAME = re.compile(r"[A-Za-z0-9_]{2,24}(\+[A-Za-z0-9_]{2,24}){0,9}")
_PREFIX = re.compile(r"^(https?://(www\.|old\.)?reddit\.com)?/?r/", re.IGNORECASE)
_FIELDS = (
    *("id", "name", "title", "selftext", "created_utc", "score", "ups", "downs", "num_comments", "over_18"),
    *("url", "permalink", "thumbnail"),
)


class SubredditSource:
    """At most `limit` posts of a subreddit (`python`, `r/python`, several as `python+flask`).

    Making one raises LoadError for a name no subreddit can have and when credentials are missing. It starts
    from the beginning each time, as listings move on meanwhile; `note` is told when Reddit makes us wait.
    """

    unit: Literal["bytes", "posts"] = "posts"
    identity: Identity | None = None

    def __init__(
        self, name: str, limit: int | None = None, note: Callable[[str], None] = lambda text: None
    ) -> None:
        self._subreddit = _PREFIX.sub("", name.strip()).rstrip("/")
        if not _NAME.fullmatch(self._subreddit):
            raise LoadError(f"{name!r} is not a subreddit's name. It looks like SUBREDDIT=python.")
        self.name = f"r/{self._subreddit}"
        self.total = limit
        self.position = 0
        self._note = note
        self._reddit = reddit_client()

    @property
    def done(self) -> int:
        """Posts given."""
        return self.position

    def records(self, start: int) -> Iterator[Record]:
        """The newest posts and the best, in turns, each once. Raises LoadError when Reddit gives no more."""
        subreddit = self._reddit.subreddit(self._subreddit)
        listings = [self._patiently(listing(limit=None)) for listing in (subreddit.new, subreddit.top)]
        given: set[str] = set()
        while listings:
            for listing in list(listings):
                submission = next(listing, None)
                if submission is None:
                    listings.remove(listing)
                elif submission.id not in given:
                    given.add(submission.id)
                    self.position += 1
                    yield _record(submission)

    def _patiently(self, listing: Iterator[Any]) -> Iterator["Submission"]:
        """The submissions of a listing, waiting as long as Reddit asks; PRAW repeats what else may pass."""
        from prawcore import TooManyRequests  # noqa: PLC0415 - slow to import, and only needed here

        tries = cuts = 0
        while True:
            try:
                with explained(self.name):
                    submission = next(listing, None)
            except TooManyRequests as problem:
                tries += 1
                self._wait(problem, tries)
                continue
            except Unreachable:
                # PRAW's own tries may all have gone on refusals before the connection was cut.
                cuts += 1
                if cuts > CUTS:
                    raise
                continue
            if submission is None:
                return
            tries = cuts = 0
            yield submission

    def _wait(self, problem: "TooManyRequests", tries: int) -> None:
        # Where Reddit sent x-ratelimit headers, prawcore itself waits before the next request.
        waits_itself = "x-ratelimit-reset" in problem.response.headers
        seconds = float(problem.retry_after or (0 if waits_itself else 2 ** (tries - 1)))
        if tries > TRIES or not 0 <= seconds <= LONGEST_WAIT:
            raise LoadError(TOO_OFTEN)
        self._note("Reddit asks us to wait before going on …")
        time.sleep(seconds)


def _record(submission: "Submission") -> Record:
    given = vars(submission)
    record = {field: given.get(field) for field in _FIELDS}
    record["author"] = str(given.get("author") or NOBODY)
    record["subreddit"] = str(given.get("subreddit") or "")
    try:
        return post_from_reddit(record, escaped=False)
    except BadRecord as problem:
        return Problem(f"t3_{submission.id}", str(problem))
