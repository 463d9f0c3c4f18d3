"""The caught mails, in memory and limited."""

from collections.abc import Collection
from itertools import islice
from threading import Lock

from workshop.mailbox.message import Message

MAX_MESSAGES = 500
MAX_BYTES = 32 * 1024 * 1024


class Box:
    """Keeps the latest mails, at most MAX_MESSAGES of them and MAX_BYTES of source. Safe for several
    threads.
    """

    def __init__(self) -> None:
        self._messages: dict[str, Message] = {}
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Message) -> None:
        """Keep a mail, and drop the oldest ones that no longer fit."""
        with self._lock:
            self._messages[message.id] = message
            self._bytes += len(message.raw)
            while len(self._messages) > MAX_MESSAGES or self._bytes > MAX_BYTES:
                self._drop(next(iter(self._messages)))

    def get(self, message_id: str) -> Message | None:
        """Return the mail with that id, None when there is none or it was dropped."""
        return self._messages.get(message_id)

    def latest(self, start: int, limit: int) -> list[Message]:
        """Return at most `limit` mails, newest first, after the newest `start`."""
        with self._lock:
            return list(islice(reversed(self._messages.values()), start, start + limit))

    def delete(self, ids: Collection[str] | None = None) -> None:
        """Delete the mails with these ids, or all of them without ids."""
        with self._lock:
            for message_id in list(self._messages) if ids is None else ids:
                if message_id in self._messages:
                    self._drop(message_id)

    def _drop(self, message_id: str) -> None:
        self._bytes -= len(self._messages.pop(message_id).raw)
