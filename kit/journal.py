"""What a process notes of each of its commands, where others follow what its commands write."""

from typing import Any, Protocol


class Journal(Protocol):
    """Follows the writes to a collection."""

    def stamp(self) -> dict[str, Any]:
        """Fields to be written with the document."""

    def note(self, key: str, revision: int) -> None:
        """The document `key` has been written, for the time that `revision` says."""
