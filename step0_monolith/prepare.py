"""Makes the database's indexes: `python -m step0_monolith.prepare`, once before the application starts."""

import sys

import pymongo
from pymongo.errors import PyMongoError

from step0_monolith import settings
from step0_monolith.mongo.connection import connect
from step0_monolith.mongo.indexes import make_indexes

if __name__ == "__main__":
    try:
        # No time-out: over a large collection the text index alone takes minutes.
        with pymongo.timeout(None):
            make_indexes(connect(settings.get_mongodb_uri()).get_default_database())
    except PyMongoError as error:
        sys.exit(f"The indexes could not be made: {error}\nIs MongoDB up, and MONGODB_URI right?")
