"""A replicator: a thread that replicates changes from an owner to a taker."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from prometheus_client import Counter, Gauge

from kit.clients.rest import Rest
from kit.http.problems import (
    DependencyTimeout,
    DependencyUnavailable,
    Gone,
    NotFound,
    Problem,
    Stale,
    TooLarge,
)
from step2_services.replication.batch import Batch, dumps
from step2_services.sync.batch_size import BatchSize
from step2_services.sync.feed_client import NEVER, FeedClient
from step2_services.sync.relations import Relation
from step2_services.sync.tokens import Tokens

DELIVERY_SECONDS = 60.0
LONGEST_PAUSE = 4.0
RETRY_SECONDS = 0.1
"""The pause after an error while somebody waits for a round."""

IDLE_SECONDS = 30.0
"""Seconds after which a cursor moves on without changes, so that it never becomes older than the owner's log.
"""

REMEMBERED = 1000
"""How many left-out documents are remembered by name."""

MORE_MEMORY = (
    "To be quick, stop the step, and start it with more memory for MongoDB's cache: MONGO_CACHE_GB=2, say; "
    "without that it is 0.25."
)

LAG = Gauge(
    "sync_lag_seconds",
    "How far a taker's copies may be behind their owner.",
    ["taker", "what"],
    multiprocess_mode="mostrecent",
)
DELIVERED = Counter("sync_delivered", "Changes that takers have taken.", ["taker", "what"])

log = structlog.stdlib.get_logger(__name__)


@dataclass
class Progress:
    """The progress of a relation.

    `state` is `begins` while the taker gets all documents, `follows` while it gets changes, and `waits` after
    an error, which `problem` describes. The copies have all changes up to the time `reaches`, if that is
    known. `began` is when they last began again, and `filled` how many documents they have got since then.
    `left_out` are skipped documents, with what is wrong with each. `slow` says why batches are small.
    """

    state: str = "begins"
    problem: str = ""
    delivered: int = 0
    reaches: datetime | None = None
    began: datetime | None = None
    filled: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    slow: str = ""


class Replicator(threading.Thread):
    """Replicates the changes of one relation every `interval` seconds, and at once if there are more or
    somebody needs them now.

    It remembers the taker's cursor only to save requests, as the taker itself stores it. So a replicator may
    be stopped at any time, and a second one at the same time does no harm.
    """

    def __init__(
        self, relation: Relation, feed: FeedClient, taker: Rest, tokens: Tokens, interval: float
    ) -> None:
        super().__init__(name=relation.name, daemon=True)
        self.relation, self.progress = relation, Progress()
        self._feed, self._taker, self._tokens, self._interval = feed, taker, tokens, interval
        self._known = False
        self._base: str | None = None
        self._cursor: str | None = None
        self._moved_at = 0.0
        self._batch_size = BatchSize()
        self._is_to_begin = threading.Event()
        self._nudged = threading.Event()
        self._nudged_at, self._awaited_until = NEVER, NEVER
        self._rounds = threading.Condition()
        self._replicated_at = NEVER

    def nudge(self, now: float, deadline: float) -> None:
        """Begin a round at once, with all changes up to `now`. After an error try again until `deadline`.

        Both are times of `time.monotonic`. See `await_round`.
        """
        self._nudged_at = max(self._nudged_at, now)
        self._awaited_until = max(self._awaited_until, deadline)
        self._nudged.set()

    def await_round(self, since: float, deadline: float) -> bool:
        """Wait until a round that began at `since` or later has ended: then the taker has all changes up to
        `since`. Return whether that was so by `deadline`.
        """
        with self._rounds:
            return self._rounds.wait_for(
                lambda: self._replicated_at >= since, max(0.0, deadline - time.monotonic())
            )

    def begin_again(self) -> None:
        """Make the taker get all documents again, from the next round on."""
        self.progress.state, self.progress.began = "begins", datetime.now(UTC)
        self._is_to_begin.set()

    def run(self) -> None:
        """Replicate until the process ends, also after errors."""
        pause = self._interval
        while True:
            self._nudged.clear()
            began = time.monotonic()
            try:
                self._round()
                pause = self._interval
                self.progress.problem = ""
                with self._rounds:
                    self._replicated_at = began
                    self._rounds.notify_all()
            except Stale:
                self._known = False
                continue
            except Problem as problem:
                pause = min(pause * 2, LONGEST_PAUSE)
                self._report(problem)
            except Exception as error:  # a fault of ours in one relation must not end it for good
                pause = LONGEST_PAUSE
                self._known = False
                log.exception("unexpected error", relation=self.relation.name)
                self.progress.state, self.progress.problem = "waits", type(error).__name__
            if self._replicated_at < self._nudged_at and time.monotonic() < self._awaited_until:
                self._nudged.wait(RETRY_SECONDS)
            else:
                # All replicators wake at the same moments, so that one request to an owner serves all its
                # takers.
                self._nudged.wait(pause - time.time() % pause)

    def measure(self) -> None:
        """Set the metric of how late the copies are now."""
        if self.progress.reaches is not None:
            lag = (datetime.now(UTC) - self.progress.reaches).total_seconds()
            LAG.labels(self.relation.taker, self.relation.what).set(lag)

    def _round(self) -> None:
        more = True
        while more:
            if self._is_to_begin.is_set():
                self._forget()
                self._is_to_begin.clear()
            if not self._known:
                response = self._taker.call("GET", self._path, token=self._tokens.current())
                self._base = self._cursor = response.json()["cursor"]
                self._known = True
            try:
                batch = self._feed.after(
                    self.relation.what, self._cursor, self._batch_size.most, self._nudged_at
                )
            except Gone:
                self._forget()
                continue
            self._note_left_out(batch)
            self._cursor, more = batch.cursor, batch.more
            try:
                is_idle = time.monotonic() - self._moved_at > IDLE_SECONDS
                if batch.put or batch.remove or batch.range or is_idle:
                    self._deliver(batch)
            except (TooLarge, DependencyTimeout) as problem:
                self._slow_down(problem)
                continue
            if not more:
                self.progress.slow = ""
            if batch.range is None:
                self.progress.reaches = datetime.fromisoformat(str(batch.until))
            begins = batch.range is not None or self._is_to_begin.is_set()
            self.progress.state = "begins" if begins else "follows"

    def _forget(self) -> None:
        log.warning("copies begin again", relation=self.relation.name)
        self._taker.call("DELETE", self._path, token=self._tokens.current())
        self._known = False
        self.progress.state = "begins"

    def _deliver(self, batch: Batch) -> None:
        fields = ("_id", *self.relation.fields)
        delivery = {
            "base": self._base,
            "cursor": batch.cursor,
            "put": [{name: document[name] for name in fields if name in document} for document in batch.put],
            "remove": batch.remove,
            "range": batch.range,
        }
        self._taker.call(
            "PUT",
            self._path,
            token=self._tokens.current(),
            content=dumps(delivery),
            read_seconds=DELIVERY_SECONDS,
        )
        self._base, self._moved_at = batch.cursor, time.monotonic()
        self.progress.problem = ""
        self._batch_size.succeed()
        if not self._batch_size.is_slow:
            self.progress.slow = ""
        count = len(batch.put) + len(batch.remove)
        self.progress.delivered += count
        if batch.range is not None:
            before = self.progress.filled if batch.range[0] is not None else 0
            self.progress.filled = before + len(batch.put)
        DELIVERED.labels(self.relation.taker, self.relation.what).inc(count)

    def _slow_down(self, problem: Problem) -> None:
        """Make batches smaller. Raises the problem if the taker cannot apply even a single change."""
        if self._batch_size.most == 1:
            raise problem
        self._batch_size.fail()
        self._known = False  # what took too long may be done all the same
        if not self._batch_size.is_slow:
            return
        if not self.progress.slow:
            log.warning("copies are slow", relation=self.relation.name, reason=f"{problem} {MORE_MEMORY}")
        self.progress.slow = f"Goes on slowly, a few at a time. {problem} {MORE_MEMORY}"

    def _note_left_out(self, batch: Batch) -> None:
        left_out = self.progress.left_out
        if batch.range is not None and batch.range[0] is None:
            left_out.clear()
        for name in (*(document["_id"] for document in batch.put), *batch.remove):
            left_out.pop(name, None)
        for name, problem in batch.left_out.items():
            if problem is None:
                left_out.pop(name, None)
            elif len(left_out) < REMEMBERED:
                left_out[name] = problem

    @property
    def _path(self) -> str:
        return f"/copies/{self.relation.what}"

    def _report(self, problem: Problem) -> None:
        if self.progress.problem != str(problem):
            level = (
                "warning"
                if isinstance(problem, DependencyUnavailable | DependencyTimeout | NotFound)
                else "error"
            )
            getattr(log, level)("copies wait", relation=self.relation.name, reason=str(problem))
        self.progress.state, self.progress.problem = "waits", str(problem)
