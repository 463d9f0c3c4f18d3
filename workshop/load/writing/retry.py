"""Retries while MongoDB is unavailable for a moment, because it restarts or elects a new primary."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

from pymongo.errors import BulkWriteError, ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError

from workshop.load.problems import LoadError

Result = TypeVar("Result")

TIMEOUT_SECONDS = 30.0
"""How long MongoDB may be unavailable."""

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
_LABELS = ("RetryableWriteError", "TransientTransactionError")
_CODES = {6, 7, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
# Unreachable, write concern, network, shutting down, stepped down, timed out, not primary, interrupted:
# https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md


def retry_while_unavailable(action: Callable[[], Result], stop: Event, note: Callable[[str], None]) -> Result:
    """Return the result of `action`, which is retried with exponential backoff while MongoDB is unavailable.

    The action must be safe to repeat. Raises LoadError when TIMEOUT_SECONDS have passed since the first try,
    when `stop` is set, or at once for an error that waiting does not solve.
    """
    began, wait = monotonic(), _FIRST_WAIT
    while True:
        try:
            return action()
        except PyMongoError as problem:
            if not is_transient(problem):
                raise LoadError(f"MongoDB refused the request: {_brief(problem)}") from problem
            waited = monotonic() - began
            if stop.is_set() or waited + wait > TIMEOUT_SECONDS:
                raise LoadError(
                    f"MongoDB has not responded for {waited:.0f} s: {_brief(problem)} "
                    "Check that it runs. Then the same command goes on from here."
                ) from problem
            if wait == _FIRST_WAIT:
                note("MongoDB does not respond; trying again …")
        stop.wait(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


def is_transient(problem: PyMongoError) -> bool:
    """Return whether the same request may succeed a moment later."""
    if isinstance(problem, ConnectionFailure | ExecutionTimeout | WTimeoutError):
        return True
    if any(problem.has_error_label(label) for label in _LABELS):
        return True
    if isinstance(problem, BulkWriteError):
        errors = problem.details.get("writeConcernErrors", []) + problem.details.get("writeErrors", [])
        return any(error.get("code") in _CODES for error in errors)
    return getattr(problem, "code", None) in _CODES


def _brief(problem: PyMongoError) -> str:
    """Return the first sentence. Behind it pymongo adds its view of every server."""
    text = (
        str(problem)
        .partition(", full error:")[0]
        .partition(", Timeout:")[0]
        .partition(" (configured timeouts")[0]
    )
    return text.strip().rstrip(".") + "."
