"""The interface of all sources of posts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from workshop.load.posts.post import Document
from workshop.load.problems import Problem

Record = Document | Problem


class RawRecord(NamedTuple):
    """A record of a file: where it is, and its content.

    The content is None for an empty line and a BadRecord for what cannot be read.
    """

    where: str
    value: Any


@dataclass(frozen=True)
class Identity:
    """Identifies the checkpoint of an interrupted load: it has this `key`, and is valid only for this
    `version`.
    """

    key: str
    version: str


class Source(Protocol):
    """Yields the records of one file, subreddit or generator in a fixed order."""

    @property
    def name(self) -> str:
        """The name that people see."""

    @property
    def identity(self) -> Identity | None:
        """The identity of its records; None if they are never the same twice, so that no load can be
        resumed.
        """

    @property
    def unit(self) -> Literal["bytes", "posts"]:
        """What `total` and `done` count."""

    @property
    def total(self) -> int | None:
        """The size of the source, if it is known."""

    @property
    def done(self) -> int:
        """How much of `total` is read."""

    @property
    def position(self) -> int:
        """The position behind the last record, from which `records` would go on with the next."""

    def records(self, start: int) -> Iterator[Record]:
        """Yield each record from position `start` on, as a document to store or as a problem.

        Raises LoadError when no further record is available.
        """
