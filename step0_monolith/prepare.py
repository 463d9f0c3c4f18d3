"""Makes the database's indexes: `python -m step0_monolith.prepare`, once before the application starts."""

from step0_monolith import settings
from step0_monolith.mongo import connect, make_indexes

if __name__ == "__main__":
    import pymongo

    with pymongo.timeout(None):
        make_indexes(connect(settings.get_mongodb_uri()).get_default_database())
