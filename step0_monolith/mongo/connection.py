"""The client, its time-outs, and what its errors mean at the seam."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from pymongo import MongoClient
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from step0_monolith.store import StoreDown, StoreSlow

PART = "The database"
Document = dict[str, Any]
Client = MongoClient[Document]
P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)


def connect(uri: str, *, answer_ms: int | None = 5000) -> Client:
    """A client for one process (make it after forking). It connects when first used.

    Finding a server takes at most 2 s and its answer at most `answer_ms` milliseconds (None: as long as it
    takes); a failed attempt is repeated once. A write counts once a majority of the replica set has it on
    disk.
    """
    # Not timeoutMS: with it the driver would look for a server all that time, and a database that is away
    # would hold up every thread.
    return MongoClient(
        uri,
        serverSelectionTimeoutMS=2000,
        connectTimeoutMS=2000,
        socketTimeoutMS=answer_ms,
        wTimeoutMS=answer_ms or 0,
        w="majority",
        journal=True,
        tz_aware=True,
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's errors into StoreDown and StoreSlow."""
    try:
        yield
    except (NetworkTimeout, ExecutionTimeout, WTimeoutError) as error:
        raise StoreSlow(PART) from error
    except (ServerSelectionTimeoutError, ConnectionFailure) as error:
        raise StoreDown(PART) from error
    except PyMongoError as error:
        if error.timeout:
            raise StoreSlow(PART) from error
        log.exception("MongoDB refused an operation")
        raise StoreDown(PART) from error


def translated(method: Callable[P, R]) -> Callable[P, R]:
    """The same as a decorator."""

    @functools.wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with translated_errors():
            return method(*args, **kwargs)

    return wrapper
