"""What the service search takes, and how its versions differ."""

from collections.abc import Sequence
from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import NEWEST, Indexes, named
from kit.domain.posts.collection import FIELDS
from kit.domain.search.resource import BEST_FIRST
from kit.domain.search.words import WORDS

VERSIONS: dict[str, tuple[Sequence[Any], str]] = {
    "v1": (NEWEST, "Full text over title and text, the newest of the matches first"),
    "v2": (BEST_FIRST, "Full text over title and text, best first"),
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "words"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

POSTS = tuple(field for field in (*FIELDS, WORDS, "_created", "_updated") if field not in ("_id", "love"))
TIMES = ("created", "_created", "_updated")
HIDES = ("reader", "post", "hidden")
