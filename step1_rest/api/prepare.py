"""Makes the database's indexes: `python -m step1_rest.api.prepare`, once before the API starts."""

from kit.domain.indexes import INDEXES, REVOKED
from kit.domain.posts.documents import require_ours
from kit.mongo.prepare import prepare

if __name__ == "__main__":
    prepare({**INDEXES, **REVOKED}, lambda database: require_ours(database["posts"]))
