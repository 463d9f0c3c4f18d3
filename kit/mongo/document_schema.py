"""Which stored documents are posts, marks and ended tokens as this application writes them.

Others may write to the same collections: mongoimport, a database tool, another program. A document of theirs
is left out, and that is told once (`kit.mongo.skipped`); all else goes on.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kit.domain.posts.documents import POST_ID

FindProblem = Callable[[Mapping[str, Any]], str | None]
"""Says what is wrong with a document; None where nothing is."""

LONGEST = 200_000
"""Characters of a text; our loaders stop at a fifth."""

EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""The times that ISO 8601 writes with four digits for the year. MongoDB holds others, too."""

LARGEST = 2**63 - 1

_ID = re.compile(POST_ID)
_SOURCES = ("reddit", "stackexchange")


def _text(value: Any) -> str | None:
    if type(value) is not str:
        return "is no text"
    return None if len(value) <= LONGEST else f"is longer than {LONGEST:,} characters"


def _whole(value: Any) -> str | None:
    # MongoDB's own shells write whole numbers as floats.
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_whole = is_whole or (type(value) is float and abs(value) < LARGEST and value.is_integer())
    return None if is_whole else "is no whole number"


def _truth(value: Any) -> str | None:
    return None if type(value) is bool else "is neither true nor false"


def _moment(value: Any) -> str | None:
    if not isinstance(value, datetime):
        return "is no date that can be shown"
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return None if EARLIEST <= aware <= LATEST else "is no date that can be shown"


def _post_id(value: Any) -> str | None:
    is_one = type(value) is str and _ID.fullmatch(value)
    return None if is_one else "is no post's id, such as t3_1fymy0 or se_12345"


def _source(value: Any) -> str | None:
    return None if type(value) is str and value in _SOURCES else f"is none of {', '.join(_SOURCES)}"


def _tags(value: Any) -> str | None:
    is_list = type(value) is list and all(type(each) is str for each in value)
    return None if is_list else "is no list of texts"


Rules = dict[str, Callable[[Any], str | None]]

POST: Rules = {
    "_id": _post_id,
    "source": _source,
    **dict.fromkeys(("_etag", "title", "text", "author", "topic", "url", "permalink", "thumbnail"), _text),
    "created": _moment,
    **dict.fromkeys(("score", "ups", "downs", "num_comments"), _whole),
    "over_18": _truth,
}
FURTHER: Rules = {"love": _whole, "words": _text, **dict.fromkeys(("_created", "_updated"), _moment)}
MARK: Rules = {"_id": _text, "reader": _text, "post": _post_id, "topic": _text}
KINDS: Rules = {"tags": _tags, "liked": _truth, "hidden": _truth, "at": _moment}
ENDED: Rules = {"_id": _text, "expires": _moment}


@dataclass(frozen=True)
class DocumentSchema:
    """Documents that have all fields of `needed`, and may have those of `allowed`."""

    needed: Rules
    allowed: Rules = field(default_factory=dict)

    def find_problem(self, document: Mapping[str, Any]) -> str | None:
        """What is wrong with a document that was read as a whole."""
        for name in self.needed:
            if name not in document:
                return f"{name} is missing"
        return self.find_problem_in_part(document)

    def find_problem_in_part(self, document: Mapping[str, Any]) -> str | None:
        """What is wrong with those of its fields that were read."""
        for rules in (self.needed, self.allowed):
            for name, check in rules.items():
                if name in document and (problem := check(document[name])):
                    return f"{name} {problem}"
        return None


POST_SCHEMA = DocumentSchema(POST, FURTHER)
MARK_SCHEMA = DocumentSchema(MARK, KINDS)
MEMBER_SCHEMA = DocumentSchema(
    {"_id": _text, "created": _moment}, {"email": lambda email: _text(email) if email else None}
)
SHARE_SCHEMA = DocumentSchema({"_id": _text, "reader": _text, "post": _text, "at": _moment})
REVOCATION_SCHEMA = DocumentSchema(ENDED)
