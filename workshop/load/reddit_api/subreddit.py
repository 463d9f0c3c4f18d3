"""The posts of a subreddit, through PRAW and Reddit's API.

Reddit lists the newest thousand and the best thousand of all time. The two take turns, so that a few posts
contain some that people liked. Credentials come from the environment or from praw.ini:
https://praw.readthedocs.io/en/latest/getting_started/configuration.html
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from workshop.load.posts.post import NOBODY
from workshop.load.posts.reddit import post_from_reddit
from workshop.load.problems import BadRecord, LoadError, Problem
from workshop.load.reddit_api.client import RATE_LIMITED, Unreachable, reddit_client, translated_errors
from workshop.load.source import Identity, Record

if TYPE_CHECKING:
    from praw.models import Submission
    from prawcore import TooManyRequests

MAX_TRIES = 5
MAX_DISCONNECTS = 1
"""How often to request a page again when PRAW, which tries three times itself, got no response."""

LONGEST_WAIT = 600.0
"""Seconds, as long as Reddit's window for counting requests."""

_NAME = re.compile(r"[A-Za-z0-9_]{2,24}(\+[A-Za-z0-9_]{2,24}){0,9}")
_PREFIX = re.compile(r"^(https?://(www\.|old\.)?reddit\.com)?/?r/", re.IGNORECASE)
_FIELDS = (
    "id",
    "name",
    "title",
    "selftext",
    "created_utc",
    "score",
    "ups",
    "downs",
    "num_comments",
    "over_18",
    "url",
    "permalink",
    "thumbnail",
)


class SubredditSource:
    """At most `limit` posts of a subreddit (`python`, `r/python`, several as `python+flask`).

    The constructor raises LoadError for an invalid name and when credentials are missing. Each load starts
    from the beginning, as listings change meanwhile. `note` is called when Reddit makes us wait.
    """

    unit: Literal["bytes", "posts"] = "posts"
    identity: Identity | None = None

    def __init__(
        self, name: str, limit: int | None = None, note: Callable[[str], None] = lambda text: None
    ) -> None:
        self._subreddit = _PREFIX.sub("", name.strip()).rstrip("/")
        if not _NAME.fullmatch(self._subreddit):
            raise LoadError(f"{name!r} is not the name of a subreddit. An example: SUBREDDIT=python.")
        self.name = f"r/{self._subreddit}"
        self.total = limit
        self.position = 0
        self._note = note
        self._reddit = reddit_client()

    @property
    def done(self) -> int:
        """The number of posts yielded."""
        return self.position

    def records(self, start: int) -> Iterator[Record]:
        """Yield the newest posts and the best in turns, each once. Raises LoadError when Reddit gives no
        more.
        """
        subreddit = self._reddit.subreddit(self._subreddit)
        listings = [self._retrying(listing(limit=None)) for listing in (subreddit.new, subreddit.top)]
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

    def _retrying(self, listing: Iterator[Any]) -> Iterator["Submission"]:
        """Yield the submissions of a listing. Wait as long as Reddit demands; PRAW retries other errors
        itself.
        """
        from prawcore import TooManyRequests  # noqa: PLC0415 - slow to import, and only needed here

        tries = disconnects = 0
        while True:
            try:
                with translated_errors(self.name):
                    submission = next(listing, None)
            except TooManyRequests as problem:
                tries += 1
                self._wait(problem, tries)
                continue
            except Unreachable:
                # PRAW may have used up its own tries on refusals before the connection was cut.
                disconnects += 1
                if disconnects > MAX_DISCONNECTS:
                    raise
                continue
            if submission is None:
                return
            tries = disconnects = 0
            yield submission

    def _wait(self, problem: "TooManyRequests", tries: int) -> None:
        # Where Reddit sent x-ratelimit headers, prawcore itself waits before the next request.
        waits_itself = "x-ratelimit-reset" in problem.response.headers
        seconds = float(problem.retry_after or (0 if waits_itself else 2 ** (tries - 1)))
        if tries > MAX_TRIES or not 0 <= seconds <= LONGEST_WAIT:
            raise LoadError(RATE_LIMITED)
        self._note("Waiting, as Reddit demands a pause …")
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
