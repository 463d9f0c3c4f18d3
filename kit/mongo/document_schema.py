"""Schemas of stored documents: they find a document invalid that this application did not write.

Others may write to the same collections: mongoimport, a database tool, another program. An invalid document
is skipped and reported once (`kit.mongo.skipped`); all else goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Check = Callable[[Any], str | None]
"""Returns what is wrong with a value; None if nothing is."""

FindProblem = Callable[[Mapping[str, Any]], str | None]
"""Returns what is wrong with a document; None if nothing is."""

LONGEST_TEXT = 200_000
"""Characters; our loaders stop at a fifth."""

EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""The times that ISO 8601 writes with four digits for the year. MongoDB holds others, too."""

LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True)
class DocumentSchema:
    """Documents that have all `required` fields, and may have the `optional` ones, each with its check."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)

    def find_problem(self, document: Mapping[str, Any]) -> str | None:
        """Return what is wrong with a document that was read as a whole."""
        for name in self.required:
            if name not in document:
                return f"{name} is missing"
        return self.find_problem_in_part(document)

    def find_problem_in_part(self, document: Mapping[str, Any]) -> str | None:
        """Return what is wrong with those of its fields that were read."""
        for checks in (self.required, self.optional):
            for name, check in checks.items():
                if name in document and (problem := check(document[name])):
                    return f"{name} {problem}"
        return None


def text(value: Any) -> str | None:
    """Require a text of a length that makes sense."""
    if type(value) is not str:
        return "is no text"
    return None if len(value) <= LONGEST_TEXT else f"is longer than {LONGEST_TEXT:,} characters"


def optional_text(value: Any) -> str | None:
    """Require a text, or nothing."""
    return text(value) if value else None


def texts(value: Any) -> str | None:
    """Require a list of texts."""
    is_list = type(value) is list and all(type(each) is str for each in value)
    return None if is_list else "is no list of texts"


def integer(value: Any) -> str | None:
    """Require a whole number."""
    # MongoDB's own shells write whole numbers as floats.
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_whole = is_whole or (type(value) is float and abs(value) < LARGEST_INTEGER and value.is_integer())
    return None if is_whole else "is no whole number"


def boolean(value: Any) -> str | None:
    """Require true or false."""
    return None if type(value) is bool else "is neither true nor false"


def moment(value: Any) -> str | None:
    """Require a time between EARLIEST and LATEST."""
    if not isinstance(value, datetime):
        return "is no date that can be shown"
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return None if EARLIEST <= aware <= LATEST else "is no date that can be shown"
