"""One instance of a service."""

import http.client
import threading
import time

from workshop.addresses import in_url, reachable

LIVE = "/health/live"
LIVE_SECONDS = 2.0
PAUSE_SECONDS = 0.1


class Instance:
    """Where it is, whether it has answered yet, and since when it is to go."""

    def __init__(self, name: str, service: str, version: str, host: str, port: int) -> None:
        self.name, self.service, self.version = name, service, version
        self.host, self.port = host, port
        self.live = False
        self.left: float | None = None
        threading.Thread(target=self._await_live, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is found."""
        return f"http://{in_url(self.host)}:{self.port}"

    @property
    def listed(self) -> bool:
        """Whether callers are told of it: from its first answer until it is to go."""
        return self.live and self.left is None

    def leave(self) -> None:
        """Note that it is to go."""
        if self.left is None:
            self.left = time.monotonic()

    def _await_live(self) -> None:
        while self.left is None and not self.live:
            self.live = self._answers()
            time.sleep(PAUSE_SECONDS)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(reachable(self.host), self.port, timeout=LIVE_SECONDS)
        try:
            connection.request("GET", LIVE)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
