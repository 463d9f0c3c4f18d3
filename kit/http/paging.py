"""Pages of a collection."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

TOTAL_LIMIT = 10_000
"""Totals are exact up to here, and no page reaches past it."""


@dataclass(frozen=True)
class Page:
    """Which part of a collection is asked for: `number` from 1, `size` items a page."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.number - 1) * self.size

    @property
    def limit(self) -> int:
        """How many items this page may hold: fewer at TOTAL_LIMIT, none past it."""
        return max(0, min(self.size, TOTAL_LIMIT - self.offset))


@dataclass(frozen=True)
class Found(Generic[Item]):
    """One page of a collection and the size of the whole: exact, or TOTAL_LIMIT with `more` set.

    `reason` says why there is nothing where that is not for lack of items.
    """

    items: list[Item]
    total: int
    more: bool = False
    reason: str | None = None
