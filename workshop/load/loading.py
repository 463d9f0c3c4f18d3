"""Takes posts from a source into a collection: reads and writes at the same time, and can be interrupted."""

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

from workshop.load.checkpoint import Checkpoint, Reached
from workshop.load.patience import patiently
from workshop.load.post import Document
from workshop.load.problems import LoadError, Problem
from workshop.load.progress import Quiet, Watch
from workshop.load.source import Source
from workshop.load.tally import Tally
from workshop.load.writer import Writer

BATCH = 1000
"""Records written in one go."""

_AHEAD = 3
_SAVE_EVERY = 1.0
_SWITCH = 0.0005
"""Seconds the reading thread may keep the interpreter from the writing one, which mostly waits."""


class _Batch(NamedTuple):
    documents: list[Document]
    problems: list[Problem]
    position: int


_Pending = deque[tuple[_Batch, Future[Tally]]]


class Loading:
    """One load. `tally` counts what is written so far, also after `run` was interrupted or failed.

    One thread reads and another writes, at most `_AHEAD` batches behind, in the source's order: of two
    records with one `_id` the later stays, and all before the last acknowledged batch is written.
    """

    def __init__(
        self,
        source: Source,
        collection: Collection[Document],
        *,
        batch: int = BATCH,
        limit: int | None = None,
        restart: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.tally = Tally()
        self.resumed = False
        self._source = source
        self._batch = batch
        self._limit = limit
        self._restart = restart
        self._watch = watch or Quiet()
        self._stop = Event()
        self._writer = Writer(collection, self._stop, self._watch.note)
        self._checkpoint = Checkpoint(collection, source.identity) if source.identity else None
        self._position = 0
        self._saved = monotonic()
        self._failure: LoadError | None = None

    @property
    def resumable(self) -> bool:
        """Whether the same load would go on where this one stopped."""
        return self._checkpoint is not None

    def run(self) -> Tally:
        """Load all, from the place an earlier load reached. At most `limit` posts of the source are stored.

        Raises LoadError when the source or MongoDB fails, and KeyboardInterrupt; what was written before
        either is in `tally` and remembered.
        """
        self._resume()
        self._watch.begin(self._source, self.tally)
        switch = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="load") as pool:
                self._transfer(pool)
        finally:
            sys.setswitchinterval(switch)
            self._watch.end()
        if self._failure:
            raise self._failure
        if self._checkpoint:
            patiently(self._checkpoint.clear, self._stop, self._watch.note)
        return self.tally

    def _resume(self) -> None:
        if not self._checkpoint:
            return
        if self._restart:
            patiently(self._checkpoint.clear, self._stop, self._watch.note)
        reached = patiently(self._checkpoint.reached, self._stop, self._watch.note)
        if reached and reached.position:
            self._position, self.tally, self.resumed = reached.position, reached.tally, True

    def _transfer(self, pool: ThreadPoolExecutor) -> None:
        pending: _Pending = deque()
        try:
            for batch in self._batches():
                pending.append((batch, pool.submit(self._writer.write, batch.documents)))
                while len(pending) > _AHEAD or (pending and pending[0][1].done()):
                    self._settle(pending)
            while pending:
                self._settle(pending)
        except LoadError:
            self._abandon(pool, pending)
            raise
        except BaseException:
            self._watch.note("Stopping once what is being written is written …")
            self._abandon(pool, pending)
            while pending and not pending[0][1].cancelled() and not pending[0][1].exception():
                self._settle(pending)
            self._save_once()
            raise
        if self._failure:
            self._save_once()

    def _batches(self) -> Iterator[_Batch]:
        """The records in batches; a failing source ends them and leaves its LoadError in `_failure`."""
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

    def _settle(self, pending: _Pending) -> None:
        """Wait for the oldest batch and count it; if interrupted while waiting, all is left as it was."""
        batch, written = pending[0]
        tally = written.result()
        pending.popleft()
        tally.problems(batch.problems)
        self.tally.add(tally)
        self._position = batch.position
        self._watch.step(self.tally)
        if monotonic() - self._saved > _SAVE_EVERY:
            self._save()

    def _abandon(self, pool: ThreadPoolExecutor, pending: _Pending) -> None:
        """Let the batch in hand be written, unless MongoDB is away, and drop those behind it."""
        self._stop.set()
        # The last one first: the writer goes on with the first meanwhile, and is to leave no gap.
        for _, written in reversed(pending):
            written.cancel()
        pool.shutdown()

    def _save(self) -> None:
        if self._checkpoint:
            place = Reached(self._position, self.tally)
            patiently(partial(self._checkpoint.save, place), self._stop, self._watch.note)
        self._saved = monotonic()

    def _save_once(self) -> None:
        self._stop.set()
        with suppress(LoadError):
            self._save()
