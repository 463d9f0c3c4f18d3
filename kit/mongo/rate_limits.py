"""Rate limits counted in MongoDB, so that all workers and replicas count together."""

import time
from math import ceil

from limits import RateLimitItemPerMinute
from limits.storage import MongoDBStorage
from limits.strategies import MovingWindowRateLimiter

from kit.http.problems import TooManyRequests
from kit.mongo.client import Client


class _Storage(MongoDBStorage):
    """The library's storage with the client that the process already has."""

    def __init__(self, client: Client, database: str) -> None:
        super().__init__(
            "", database, counter_collection_name="limit_counters", window_collection_name="limit_windows"
        )
        self._client = client

    def _init_mongo_client(self, uri: str | None, **options: int | str | bool) -> Client:
        return self._client

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the start of the window and the number of entries in it."""
        # The library returns None where all entries have expired since the limit was found used up.
        start: float | None
        start, count = super().get_moving_window(key, limit, expiry)
        return time.time() - expiry if start is None else start, count

    def __del__(self) -> None:
        """Do nothing: the client belongs to the process."""


class RateLimit:
    """Allows at most `amount` of something a minute for each key, such as an address or a reader.

    `what` names it in the plural, for the error's text.
    """

    def __init__(self, client: Client, database: str, what: str, amount: int) -> None:
        self._limiter = MovingWindowRateLimiter(_Storage(client, database))
        self._item = RateLimitItemPerMinute(amount, namespace=what.replace(" ", "_"))
        self._what = what

    def check(self, key: str) -> None:
        """Raise TooManyRequests when the limit is used up. Count nothing."""
        if not self._limiter.test(self._item, key):
            raise self._too_many(key)

    def count(self, key: str) -> None:
        """Count one."""
        self._limiter.hit(self._item, key)

    def take(self, key: str) -> None:
        """Count one, or raise TooManyRequests when the limit is used up."""
        if not self._limiter.hit(self._item, key):
            raise self._too_many(key)

    def _too_many(self, key: str) -> TooManyRequests:
        reset = self._limiter.get_window_stats(self._item, key).reset_time
        return TooManyRequests(self._what, max(1, ceil(reset - time.time())))
