"""One instance of a service."""

import http.client
import json
import threading
import time

from workshop.addresses import in_url, reachable

LIVE, READY = "/health/live", "/health/ready"
ANSWER_SECONDS = 4.0
PAUSE_SECONDS = 0.1


class Instance:
    """Where it is, whether it has answered yet and been ready once, and since when it is to go.

    What it still `lacks` to be ready is told in a few words.
    """

    def __init__(self, name: str, service: str, version: str, host: str, port: int) -> None:
        self.name, self.service, self.version = name, service, version
        self.host, self.port = host, port
        self.live = self.ready = False
        self.lacks = ""
        self.left: float | None = None
        threading.Thread(target=self._await_ready, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is found."""
        return f"http://{in_url(self.host)}:{self.port}"

    @property
    def listed(self) -> bool:
        """Whether callers are told of it: from the moment it is ready until it is to go."""
        return self.ready and self.left is None

    @property
    def filling(self) -> bool:
        """Whether it answers, and is yet to be ready: what fills its store is told of it."""
        return self.live and not self.ready and self.left is None

    def leave(self) -> None:
        """Note that it is to go."""
        if self.left is None:
            self.left = time.monotonic()

    def _await_ready(self) -> None:
        while self.left is None and not self.ready:
            if not self.live:
                self.live = self._ask(LIVE)[0] == http.HTTPStatus.OK
            else:
                status, text = self._ask(READY)
                self.lacks = _lacking(text)
                self.ready = status == http.HTTPStatus.OK
            time.sleep(PAUSE_SECONDS)

    def _ask(self, path: str) -> tuple[int, bytes]:
        """The status and the body of its answer; 0 without one."""
        connection = http.client.HTTPConnection(reachable(self.host), self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


def _lacking(text: bytes) -> str:
    """The parts that an answer says are down."""
    try:
        return ", ".join(name for name, state in json.loads(text)["parts"].items() if state != "ok")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "an answer"
