"""The only package of the monolith that knows MongoDB."""

from step0_monolith.mongo.connection import Client, connect
from step0_monolith.mongo.indexes import make_indexes
from step0_monolith.mongo.sessions import MongoSessions
from step0_monolith.mongo.store import MongoStore

__all__ = ["Client", "MongoSessions", "MongoStore", "connect", "make_indexes"]
