"""What the service search takes, and how its versions differ."""

from collections.abc import Sequence
from typing import Any

from kit.model.indexes import INDEXES as MODEL
from kit.model.indexes import NEWEST, Indexes, named
from kit.model.posts import FIELDS
from kit.model.words import WORDS
from kit.resources.search import BEST_FIRST

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
