"""Loads the posts of a source into a collection. Reads and writes at the same time, and can be
interrupted.
"""

import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event
from time import monotonic
from typing import NamedTuple

from pymongo.collection import Collection

from workshop.load.posts.post import Document
from workshop.load.problems import LoadError, Problem
from workshop.load.progress import NoProgress, Progress
from workshop.load.source import Source
from workshop.load.tally import Tally
from workshop.load.writing.checkpoint import Checkpoint, SavedProgress
from workshop.load.writing.retry import retry_while_unavailable
from workshop.load.writing.writer import Writer

BATCH = 1000
"""Records in one write."""

_MAX_PENDING = 3
_SAVE_EVERY = 1.0
_SWITCH_INTERVAL = 0.0005
"""For how many seconds the reading thread may block the writing one, which mostly waits."""


class _Batch(NamedTuple):
    documents: list[Document]
    problems: list[Problem]
    position: int


_Pending = deque[tuple[_Batch, Future[Tally]]]


class Loading:
    """One load. `tally` counts what is written so far, also after `run` was interrupted or failed.

    One thread reads and another writes, at most `_MAX_PENDING` batches behind, in the order of the source: of
    two records with one `_id` the later one stays, and everything before the last acknowledged batch is
    written.
    """

    def __init__(
        self,
        source: Source,
        collection: Collection[Document],
        *,
        batch: int = BATCH,
        limit: int | None = None,
        restart: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.tally = Tally()
        self.resumed = False
        self._source = source
        self._batch = batch
        self._limit = limit
        self._restart = restart
        self._progress = progress or NoProgress()
        self._stop = Event()
        self._writer = Writer(collection, self._stop, self._progress.note)
        self._checkpoint = Checkpoint(collection, source.identity) if source.identity else None
        self._position = 0
        self._saved = monotonic()
        self._failure: LoadError | None = None

    @property
    def resumable(self) -> bool:
        """Whether the same load would resume where this one stopped."""
        return self._checkpoint is not None

    def run(self) -> Tally:
        """Load all posts, from where an earlier load stopped. Store at most `limit` posts of the source.

        Raises LoadError when the source or MongoDB fails, and KeyboardInterrupt. What was written before that
        is in `tally` and in the checkpoint.
        """
        self._resume()
        self._progress.start(self._source, self.tally)
        switch = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_INTERVAL)
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="load") as pool:
                self._transfer(pool)
        finally:
            sys.setswitchinterval(switch)
            self._progress.stop()
        if self._failure:
            raise self._failure
        if self._checkpoint:
            retry_while_unavailable(self._checkpoint.clear, self._stop, self._progress.note)
        return self.tally

    def _resume(self) -> None:
        if not self._checkpoint:
            return
        if self._restart:
            retry_while_unavailable(self._checkpoint.clear, self._stop, self._progress.note)
        saved = retry_while_unavailable(self._checkpoint.read, self._stop, self._progress.note)
        if saved and saved.position:
            self._position, self.tally, self.resumed = saved.position, saved.tally, True

    def _transfer(self, pool: ThreadPoolExecutor) -> None:
        pending: _Pending = deque()
        try:
            for batch in self._batches():
                pending.append((batch, pool.submit(self._writer.write, batch.documents)))
                while len(pending) > _MAX_PENDING or (pending and pending[0][1].done()):
                    self._complete_oldest(pending)
            while pending:
                self._complete_oldest(pending)
        except LoadError:
            self._cancel_pending(pool, pending)
            raise
        except BaseException:
            self._progress.note("Stopping after the current write …")
            self._cancel_pending(pool, pending)
            while pending and not pending[0][1].cancelled() and not pending[0][1].exception():
                self._complete_oldest(pending)
            self._save_once()
            raise
        if self._failure:
            self._save_once()

    def _batches(self) -> Iterator[_Batch]:
        """Yield the records in batches. If the source fails, stop and keep its LoadError in `_failure`."""
        left = None if self._limit is None else self._limit - self.tally.stored
        if left is not None and left <= 0:
            return
        documents: list[Document] = []
        problems: list[Problem] = []
        try:
            for record in self._source.records(self._position):
                if isinstance(record, Problem):
                    problems.append(record)
                else:
                    documents.append(record)
                complete = len(documents) == left
                if complete or len(documents) + len(problems) >= self._batch:
                    yield _Batch(documents, problems, self._source.position)
                    left = None if left is None else left - len(documents)
                    documents, problems = [], []
                if complete:
                    return
        except LoadError as problem:
            self._failure = problem
        if documents or problems:
            yield _Batch(documents, problems, self._source.position)

    def _complete_oldest(self, pending: _Pending) -> None:
        """Wait for the oldest batch and count it. An interruption of the wait changes nothing."""
        batch, written = pending[0]
        tally = written.result()
        pending.popleft()
        tally.add_problems(batch.problems)
        self.tally.add(tally)
        self._position = batch.position
        self._progress.update(self.tally)
        if monotonic() - self._saved > _SAVE_EVERY:
            self._save()

    def _cancel_pending(self, pool: ThreadPoolExecutor, pending: _Pending) -> None:
        """Finish the batch that is being written, unless MongoDB is unavailable, and drop those behind it."""
        self._stop.set()
        # From the last to the first: the writer goes on with the first meanwhile and must leave no gap.
        for _, written in reversed(pending):
            written.cancel()
        pool.shutdown()

    def _save(self) -> None:
        if self._checkpoint:
            place = SavedProgress(self._position, self.tally)
            retry_while_unavailable(partial(self._checkpoint.save, place), self._stop, self._progress.note)
        self._saved = monotonic()

    def _save_once(self) -> None:
        self._stop.set()
        with suppress(LoadError):
            self._save()
