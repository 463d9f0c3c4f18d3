"""Searches at a constant rate, and what came of each."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Event, Thread

import requests

from workshop import local_http
from workshop.compare.workload.mix import search_path

PATIENCE_SECONDS = 15.0
"""A search without a response by then gets none."""


@dataclass
class Search:
    """A search that was due at a moment. It has ended `seconds` after that, with a status unless there was no
    response.
    """

    due: float
    seconds: float | None = None
    status: int | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can come."""
        return self.seconds is not None

    def age(self) -> float:
        """Return the seconds from when it was due to its end, or until now."""
        return time.monotonic() - self.due if self.seconds is None else self.seconds


class Searches:
    """Searches of one reader, `rate` a second. Each has a thread and a connection of its own, so that one
    that waits does not delay the next; its time counts from when it was due (open loop).
    """

    def __init__(self, url: str, headers: Mapping[str, str], words: Sequence[str], rate: float) -> None:
        self._url, self._headers, self._words, self._rate = url, headers, words, rate
        self.sent: list[Search] = []

    def send(self, ended: Event, most: int | None) -> None:
        """Send at most so many, until `ended` is set."""
        began = time.monotonic()
        for number in count() if most is None else range(most):
            due = began + (number + 0.5) / self._rate
            if ended.wait(max(0.0, due - time.monotonic())):
                return
            search = Search(due)
            self.sent.append(search)
            word = self._words[number % len(self._words)]
            Thread(target=self._await_response, args=(search, word), daemon=True).start()

    def _await_response(self, search: Search, word: str) -> None:
        try:
            response = local_http.request(
                self._url + search_path(word), headers=self._headers, timeout=PATIENCE_SECONDS
            )
            search.status = response.status_code
        except requests.RequestException:
            pass
        search.seconds = time.monotonic() - search.due
