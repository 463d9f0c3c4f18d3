"""Makes the database's indexes: `python -m step0_monolith.prepare`, once before the application starts."""

import sys

from step0_monolith import settings
from step0_monolith.mongo.connection import connect
from step0_monolith.mongo.indexes import make_indexes
from step0_monolith.store import StoreError

if __name__ == "__main__":
    try:
        client = connect(settings.get_mongodb_uri(), answer_ms=None)
        make_indexes(client.get_default_database())
    except StoreError as error:
        sys.exit(f"The indexes could not be made. {error} Is MongoDB up, and MONGODB_URI right?")
