"""Makes the database's indexes: `python -m step0_monolith.prepare`, once before the application starts."""

from kit.domain.posts.documents import require_ours
from kit.mongo.prepare import prepare
from step0_monolith.mongo.indexes import INDEXES

if __name__ == "__main__":
    prepare(INDEXES, lambda database: require_ours(database["posts"]))
