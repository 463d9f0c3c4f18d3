"""Waits for a MongoDB that is away for a moment: restarting, or choosing a new primary."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

from pymongo.errors import BulkWriteError, ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError

from workshop.load.problems import LoadError

Result = TypeVar("Result")

PATIENCE = 30.0
"""Seconds that MongoDB may be away."""

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
_LABELS = ("RetryableWriteError", "TransientTransactionError")
_CODES = {6, 7, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
# Unreachable, write concern, network, shutting down, stepped down, timed out, not primary, interrupted:
# https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md


def patiently(action: Callable[[], Result], stop: Event, note: Callable[[str], None]) -> Result:
    """What `action` gives, trying again with growing waits while MongoDB is away.

    The action must be fit to be repeated. Raises LoadError when PATIENCE seconds have passed since the
    first try, when `stop` is set, or at once for an error that waiting does not mend.
    """
    began, wait = monotonic(), _FIRST_WAIT
    while True:
        try:
            return action()
        except PyMongoError as problem:
            if not is_transient(problem):
                raise LoadError(f"MongoDB refused: {_brief(problem)}") from problem
            waited = monotonic() - began
            if stop.is_set() or waited + wait > PATIENCE:
                raise LoadError(
                    f"MongoDB has not answered for {waited:.0f} s: {_brief(problem)} "
                    "See that it runs; the same command then goes on from here."
                ) from problem
            if wait == _FIRST_WAIT:
                note("MongoDB does not answer; trying again …")
        stop.wait(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


def is_transient(problem: PyMongoError) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(problem, ConnectionFailure | ExecutionTimeout | WTimeoutError):
        return True
    if any(problem.has_error_label(label) for label in _LABELS):
        return True
    if isinstance(problem, BulkWriteError):
        errors = problem.details.get("writeConcernErrors", []) + problem.details.get("writeErrors", [])
        return any(error.get("code") in _CODES for error in errors)
    return getattr(problem, "code", None) in _CODES


def _brief(problem: PyMongoError) -> str:
    """The first sentence: pymongo adds its view of every server behind it."""
    text = (
        str(problem)
        .partition(", full error:")[0]
        .partition(", Timeout:")[0]
        .partition(" (configured timeouts")[0]
    )
    return text.strip().rstrip(".") + "."
