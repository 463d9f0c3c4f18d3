"""The made-up posts in a collection, which who has loaded others may not want any longer."""

from typing import Any

from pymongo.collection import Collection

from workshop.load.checkpoint import forget
from workshop.load.generate import MADE_UP

_FILTER = {"_id": {"$regex": MADE_UP}}


def count_made_up(posts: Collection[dict[str, Any]]) -> int:
    """How many there are."""
    return posts.count_documents(_FILTER)


def remove_made_up(posts: Collection[dict[str, Any]]) -> int:
    """Remove them, and what is remembered of loads of them that were interrupted; how many there were."""
    forget(posts, "generate:")
    return posts.delete_many(_FILTER).deleted_count
