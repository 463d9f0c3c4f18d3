"""Readers who share posts by mail all the time."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from threading import Event
from urllib.parse import quote

import requests

from workshop import local_http

PACE_SECONDS = 2.2
"""Between two shares of a reader, who may share 30 times a minute. If mail takes longer, so does a share."""

PATIENCE_SECONDS = 60.0
FRIEND = "friend@example.org"


class SharingReader:
    """A reader who shares one of `posts` after the other."""

    def __init__(self, url: str, headers: Mapping[str, str], posts: Sequence[str]) -> None:
        self._url, self._headers, self._posts = url, headers, posts
        self.outcomes: Counter[int | str] = Counter()
        """How many shares ended with each status, or with the name of an error."""

    def share(self, ended: Event, first: float) -> None:
        """Share until `ended` is set, for the first time in `first` seconds."""
        due, number = time.monotonic() + first, 0
        while not ended.wait(max(0.0, due - time.monotonic())):
            due = time.monotonic() + PACE_SECONDS
            self.outcomes[self._share(self._posts[number % len(self._posts)])] += 1
            number += 1

    def _share(self, post: str) -> int | str:
        path = f"/posts/{quote(post)}/share"
        try:
            return local_http.request(
                self._url + path,
                "POST",
                json={"to": FRIEND, "note": "have a look"},
                headers=self._headers,
                timeout=PATIENCE_SECONDS,
            ).status_code
        except requests.RequestException as error:
            return type(error).__name__
