"""What is made in a database once."""

import sys
import threading
import time
from collections.abc import Callable

import structlog
from pymongo.database import Database

from kit import environment
from kit.model.indexes import Indexes, make_indexes
from kit.mongo import Document, connect
from kit.problems import Problem

PAUSE = 1.0
"""Seconds between attempts while the database is away."""

log = structlog.stdlib.get_logger(__name__)


def prepare(indexes: Indexes) -> None:
    """Make these indexes in the database that MONGODB_URI names; exits with a text when that fails."""
    try:
        client = connect(environment.get_mongodb_uri(), answer_ms=None)
        make_indexes(client.get_default_database(), indexes)
    except Problem as error:
        sys.exit(f"The indexes could not be made. {error} Is MongoDB up, and MONGODB_URI right?")


def prepare_beside(database: Database[Document], indexes: Indexes) -> Callable[[], bool]:
    """Make these indexes while the process goes on, however long the database is away; tells whether they are
    there.
    """
    done = threading.Event()
    patient = connect(environment.get_mongodb_uri(), answer_ms=None)

    def work() -> None:
        while not done.is_set():
            try:
                make_indexes(patient[database.name], indexes)
                done.set()
            except Problem as error:
                log.warning("indexes not made yet", reason=str(error))
                time.sleep(PAUSE)
        patient.close()

    threading.Thread(target=work, name="prepare", daemon=True).start()
    return done.is_set
