"""MongoDB's client with our time-outs, and its errors as problems with texts for people."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from kit.tracing.instrumentation import trace_commands

PART = "The database"
Document = dict[str, Any]
Client = MongoClient[Document]
P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)

NAIVE = CodecOptions[Document](
    tz_aware=False,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""Options for reading times without a zone, as UTC: adding the zone takes half as long as the decoding
itself. Times that Python cannot represent are read, too: one document of another program must not prevent
reading all others.
"""


def connect(uri: str, *, reply_ms: int | None = 5000) -> Client:
    """Make a client for one process, after forking. It connects at its first use.

    Finding a server takes at most 2 s and its reply at most `reply_ms` milliseconds (None: as long as it
    takes); a failed attempt is repeated once. A write counts once a majority of the replica set has it on
    disk.
    """
    # Not timeoutMS: with it the driver would look for a server all that time, and a database that is away
    # would hold up every thread.
    trace_commands()
    return MongoClient(
        uri,
        serverSelectionTimeoutMS=2000,
        connectTimeoutMS=2000,
        socketTimeoutMS=reply_ms,
        wTimeoutMS=reply_ms or 0,
        w="majority",
        journal=True,
        tz_aware=True,
        unicode_decode_error_handler="replace",
        datetime_conversion="DATETIME_AUTO",
    )


def accepts_writes(client: Client) -> bool:
    """Return whether the database accepts writes. Wait at most a second."""
    try:
        with pymongo.timeout(1):
            return bool(client.admin.command("hello")["isWritablePrimary"])
    except PyMongoError:
        return False


def as_problem(error: PyMongoError) -> DependencyUnavailable | DependencyTimeout:
    """Turn an error of the driver into a problem."""
    slow = isinstance(error, NetworkTimeout | ExecutionTimeout | WTimeoutError)
    away = isinstance(error, ServerSelectionTimeoutError | ConnectionFailure)
    if slow or (error.timeout and not away):
        return DependencyTimeout(PART)
    if not away:
        log.error("MongoDB refused an operation", exc_info=error)
    return DependencyUnavailable(PART)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's errors into DependencyUnavailable and DependencyTimeout."""
    try:
        yield
    except PyMongoError as error:
        raise as_problem(error) from error


def translated(method: Callable[P, R]) -> Callable[P, R]:
    """Turn the driver's errors into problems, as a decorator."""

    @functools.wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with translated_errors():
            return method(*args, **kwargs)

    return wrapper
