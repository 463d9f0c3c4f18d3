"""The tokens by which other services identify sync."""

import threading
from datetime import UTC, datetime, timedelta

from kit.tokens import Issued, Issuer

LIFETIME = timedelta(minutes=10)
SPARE = timedelta(minutes=2)


class Tokens:
    """Issues sync's own tokens. Each is used until shortly before it expires."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._lock = threading.Lock()
        self._issued: Issued | None = None

    def current(self) -> str:
        """Return a token that is valid for a while."""
        with self._lock:
            if self._issued is None or self._issued.expires - datetime.now(UTC) < SPARE:
                self._issued = self._issuer.issue("sync")
            return self._issued.token
