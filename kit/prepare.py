"""What is made in a database once, before the processes over it start."""

import sys

from kit import environment
from kit.model.indexes import Indexes, make_indexes
from kit.mongo import connect
from kit.problems import Problem


def prepare(indexes: Indexes) -> None:
    """Make these indexes in the database that MONGODB_URI names; exits with a text when that fails."""
    try:
        client = connect(environment.get_mongodb_uri(), answer_ms=None)
        make_indexes(client.get_default_database(), indexes)
    except Problem as error:
        sys.exit(f"The indexes could not be made. {error} Is MongoDB up, and MONGODB_URI right?")
