"""A client that tags posts continuously, and records the responses."""

import threading
import time
from collections import Counter
from itertools import product

import requests

from tests.support.client import Reader
from tests.support.eventually import eventually

TAGS_PER_POST = 50
PAUSE = 0.005
RESPONSE_SECONDS = 60.0


class Writer(threading.Thread):
    """Tags `posts` one after the other as one reader, until `stop` is called."""

    def __init__(self, reader: Reader, posts: list[str]) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[tuple[str, str]] = []
        """Posts and tags of the writes that got 200."""
        self.responses: Counter[int | str] = Counter()
        """Number of responses by status, or by the error's name where there was none."""
        self.slowest = 0.0
        """Seconds of the slowest response."""
        self.without_retry_after = 0
        """Responses with 503 and without Retry-After."""
        self._reader = reader
        self._posts = posts
        self._stop_requested = threading.Event()

    def run(self) -> None:
        for number, post in product(range(TAGS_PER_POST), self._posts):
            if self._stop_requested.wait(PAUSE):
                return
            self._write(post, f"tag-{number}")

    def await_more(self, count: int, seconds: float = RESPONSE_SECONDS) -> None:
        """Wait until `count` more writes are acknowledged."""
        least = len(self.acknowledged) + count

        def check() -> None:
            assert len(self.acknowledged) >= least, self.responses

        eventually(check, seconds)

    def stop(self) -> None:
        """Stop after the current write."""
        self._stop_requested.set()
        self.join()

    def missing(self) -> set[tuple[str, str]]:
        """Return the acknowledged writes that are missing."""
        there = {
            post: set(self._reader.json(f"/posts/{post}")["tags"])
            for post in {post for post, _ in self.acknowledged}
        }
        return {(post, tag) for post, tag in self.acknowledged if tag not in there[post]}

    def _write(self, post: str, tag: str) -> None:
        began = time.monotonic()
        try:
            response = self._reader.put(f"/posts/{post}/tags/{tag}")
        except requests.RequestException as error:
            self.responses[type(error).__name__] += 1
            return
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)
        self.responses[response.status_code] += 1
        if response.status_code == 200:
            self.acknowledged.append((post, tag))
        elif response.status_code == 503 and not response.headers.get("Retry-After", "").isdecimal():
            self.without_retry_after += 1
