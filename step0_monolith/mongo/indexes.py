"""The monolith's indexes: the model's, and those of its tokens and sessions."""

from pymongo import ASCENDING, IndexModel

from kit.domain.indexes import INDEXES as MODEL
from kit.mongo.indexes import Indexes, expiring

INDEXES: Indexes = {
    **MODEL,
    "tokens": [expiring("expires")],
    "sessions": [IndexModel([("id", ASCENDING)], name="id", unique=True), expiring("expiration")],
}
