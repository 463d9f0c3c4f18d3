"""What the service search takes, and how its versions differ."""

from collections.abc import Sequence
from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.collection import NEWEST
from kit.domain.search.search import BEST_FIRST
from kit.mongo.indexes import Indexes, named

VERSIONS: dict[str, tuple[Sequence[Any], str]] = {
    "v1": (NEWEST, "Full text over title and text, the newest of the matches first"),
    "v2": (BEST_FIRST, "Full text over title and text, best first"),
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "words"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

SAME = {"search|resource": "posts"}
