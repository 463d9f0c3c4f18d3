"""What every source of posts offers the loader."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from workshop.load.post import Document
from workshop.load.problems import Problem

Record = Document | Problem


class Part(NamedTuple):
    """A record as it stands in a file: where, and its values.

    None is an empty line, a BadRecord what cannot be read.
    """

    where: str
    value: Any


@dataclass(frozen=True)
class Identity:
    """How an interrupted load is found again: by `key`, and only while `version` is the same."""

    key: str
    version: str


class Source(Protocol):
    """Gives the records of one file, subreddit or generator in a fixed order."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def identity(self) -> Identity | None:
        """None when its records are never the same twice, so that there is no place to go on from."""

    @property
    def unit(self) -> Literal["bytes", "posts"]:
        """What `total` and `done` count."""

    @property
    def total(self) -> int | None:
        """How much there is, if that is known."""

    @property
    def done(self) -> int:
        """How much of `total` is read."""

    @property
    def position(self) -> int:
        """The place behind the record given last: where `records` would go on with the next."""

    def records(self, start: int) -> Iterator[Record]:
        """Each record from the place `start` on as a stored document, or as the problem it has.

        Raises LoadError when no further record can be had.
        """
