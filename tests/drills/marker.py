"""A reader who marks posts, removes the marks again, and records what was acknowledged."""

import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from tests.support.client import Reader
from tests.support.eventually import eventually
from tests.support.responses import expect

TAGS = ("red", "green", "blue", "grey")
PAUSE = 0.005
REFUSED_PAUSE = 0.1


@dataclass(frozen=True)
class Mark:
    """A mark that is set or not: a post is liked, is hidden, or has a tag."""

    post: str
    verb: str

    @property
    def path(self) -> str:
        return f"/posts/{self.post}/{self.verb}"


@dataclass
class Tally:
    """The responses that several markers got."""

    responses: Counter[int | str] = field(default_factory=Counter)
    slowest: float = 0.0
    without_retry_after: int = 0

    @property
    def acknowledged(self) -> int:
        return self.responses[200] + self.responses[202]


class Marker(threading.Thread):
    """Marks `posts` as one reader until `stop` is called, in an order that `seed` decides.

    A write whose response was lost may have happened, or happen late: its mark may be set or not, and is left
    alone from then on.
    """

    def __init__(self, reader: Reader, posts: list[str], seed: str) -> None:
        super().__init__(daemon=True)
        self.tally = Tally()
        self.marks: dict[Mark, bool] = {}
        """What was acknowledged last."""
        self.unknown: set[Mark] = set()
        self._reader, self._random = reader, random.Random(seed)
        verbs = ("like", "hide", *(f"tags/{tag}" for tag in TAGS))
        self._marks = [Mark(post, verb) for post in posts for verb in verbs]
        self._stop_requested = threading.Event()

    def run(self) -> None:
        while self._marks and not self._stop_requested.wait(PAUSE):
            self._write(self._random.choice(self._marks))

    def stop(self) -> None:
        """Stop after the current write."""
        self._stop_requested.set()
        self.join()

    def wrong(self) -> list[str]:
        """Return where the face differs from what was acknowledged, or has something twice."""
        marks = defaultdict(list)
        for mark in {*self.marks, *self.unknown}:
            marks[mark.post].append(mark)
        return [text for post in marks for text in self._wrong_of(post, marks[post])]

    def _wrong_of(self, post_id: str, marks: list[Mark]) -> list[str]:
        post = eventually(lambda: self._without_gap(post_id))
        tags = post["tags"]
        there = {"like": post["liked"], "hide": post["hidden"], **{f"tags/{tag}": True for tag in tags}}
        found = [f"{post_id} has {tags}"] if len(tags) != len(set(tags)) else []
        return found + [
            f"{self._reader.username}: {mark.path} should be {self.marks.get(mark, False)}"
            for mark in marks
            if mark not in self.unknown and there.get(mark.verb, False) != self.marks[mark]
        ]

    def _without_gap(self, post_id: str) -> dict[str, Any]:
        """Return the post. A part that was killed may not be back for its share of the page yet."""
        post: dict[str, Any] = expect(self._reader.get(f"/posts/{post_id}"), 200).json()
        assert {"tags", "liked", "hidden"} <= {*post}
        return post

    def _write(self, mark: Mark) -> None:
        wanted = not self.marks.get(mark, False)
        began = time.monotonic()
        try:
            response = self._reader.request("PUT" if wanted else "DELETE", mark.path)
        except requests.RequestException as error:
            refused = was_refused(error)
            self.tally.responses["refused" if refused else type(error).__name__] += 1
            if refused:
                self._stop_requested.wait(REFUSED_PAUSE)
            else:
                self._leave(mark)
            return
        finally:
            self.tally.slowest = max(self.tally.slowest, time.monotonic() - began)
        self.tally.responses[response.status_code] += 1
        if response.status_code in (200, 202):  # 202: written, but perhaps not readable everywhere yet
            self.marks[mark] = wanted
            return
        self._leave(mark)
        if response.status_code == 503:
            self.tally.without_retry_after += not response.headers.get("Retry-After", "").isdecimal()
            self._stop_requested.wait(REFUSED_PAUSE)

    def _leave(self, mark: Mark) -> None:
        self.unknown.add(mark)
        self._marks.remove(mark)


def was_refused(error: requests.RequestException) -> bool:
    """Return whether there was no connection, so that nothing can have been written."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def total(markers: list[Marker]) -> Tally:
    """Return the sum of several tallies."""
    tallies = [each.tally for each in markers]
    return Tally(
        sum((each.responses for each in tallies), Counter()),
        max(each.slowest for each in tallies),
        sum(each.without_retry_after for each in tallies),
    )
