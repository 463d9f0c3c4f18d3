"""Prepare a database: make indexes, and keep documents as they were before and after each change."""

import sys
import threading
import time
from collections.abc import Callable, Sequence

import structlog
from pymongo.database import Database
from pymongo.errors import OperationFailure

from kit.http.problems import Problem
from kit.mongo.client import Document, connect, translated, translated_errors
from kit.mongo.indexes import Indexes, make_indexes
from kit.settings import DatabaseSettings

PAUSE = 1.0
"""Seconds between attempts while the database is away."""

IMAGES, KEPT = "changeStreamPreAndPostImages", {"enabled": True}
NAMESPACE_EXISTS = 48

log = structlog.stdlib.get_logger(__name__)


def prepare(indexes: Indexes, require: Callable[[Database[Document]], None]) -> None:
    """Make these indexes in the database that MONGODB_URI names. If that fails, print why and exit.

    `require` raises RuntimeError for a database that must not be changed.
    """
    try:
        client = connect(DatabaseSettings.read().uri, reply_ms=None)
        database = client.get_default_database()
        with translated_errors():
            require(database)
        make_indexes(database, indexes)
    except Problem as error:
        sys.exit(f"The indexes could not be made. {error} Is MongoDB up, and MONGODB_URI right?")
    except RuntimeError as error:
        sys.exit(str(error))


def prepare_beside(
    database: Database[Document], indexes: Indexes, images: Sequence[str] = ()
) -> Callable[[], bool]:
    """Make these indexes in a thread, which waits while the database is away.

    Returns a function that returns whether the indexes exist. In the collections named in `images`, MongoDB
    then also keeps documents as they were before and after each change, for programs that follow the changes.
    """
    done = threading.Event()
    patient = connect(DatabaseSettings.read().uri, reply_ms=None)

    def work() -> None:
        while not done.is_set():
            try:
                for collection in images:
                    keep_images(patient[database.name], collection)
                make_indexes(patient[database.name], indexes)
                done.set()
            except Problem as error:
                log.warning("indexes not made yet", reason=str(error))
                time.sleep(PAUSE)
        patient.close()

    threading.Thread(target=work, name="prepare", daemon=True).start()
    return done.is_set


@translated
def keep_images(database: Database[Document], collection: str) -> None:
    """Make MongoDB keep the documents of `collection` as they were before and after each change.

    The collection is made if it is missing. Raises DependencyUnavailable and DependencyTimeout.
    """
    there = next(iter(database.list_collections(filter={"name": collection})), None)
    if there is not None:
        if not there["options"].get(IMAGES, {}).get("enabled"):
            database.command({"collMod": collection, IMAGES: KEPT})
        return
    try:
        database.command({"create": collection, IMAGES: KEPT})
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        keep_images(database, collection)  # somebody else has made it at this moment
