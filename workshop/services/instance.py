"""One instance of a service."""

import http.client
import json
import threading
import time

from workshop.addresses import host_in_url, reachable_host

LIVE, READY = "/health/live", "/health/ready"
TIMEOUT_SECONDS = 4.0
POLL_SECONDS = 0.1


class Instance:
    """An instance and its health.

    `live` and `ready` stay set once they are. `not_ready` names the parts that are not ready. `removed_at` is
    the time since when it is to stop, None before.
    """

    def __init__(self, name: str, service: str, version: str, host: str, port: int) -> None:
        self.name, self.service, self.version = name, service, version
        self.host, self.port = host, port
        self.live = self.ready = False
        self.not_ready = ""
        self.removed_at: float | None = None
        threading.Thread(target=self._check_health, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of the instance."""
        return f"http://{host_in_url(self.host)}:{self.port}"

    @property
    def listed(self) -> bool:
        """Whether clients get its address: from the moment it is ready until it is to stop."""
        return self.ready and self.removed_at is None

    @property
    def filling(self) -> bool:
        """Whether it responds but is not ready yet. Only the service that fills its store may send
        requests.
        """
        return self.live and not self.ready and self.removed_at is None

    def remove(self) -> None:
        """Note that it is to stop."""
        if self.removed_at is None:
            self.removed_at = time.monotonic()

    def _check_health(self) -> None:
        while self.removed_at is None and not self.ready:
            if not self.live:
                self.live = self._get(LIVE)[0] == http.HTTPStatus.OK
            else:
                status, body = self._get(READY)
                self.not_ready = _parts_down(body)
                self.ready = status == http.HTTPStatus.OK
            time.sleep(POLL_SECONDS)

    def _get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of the response, 0 without one."""
        connection = http.client.HTTPConnection(reachable_host(self.host), self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


def _parts_down(body: bytes) -> str:
    """Return the parts that a health response names as down."""
    try:
        return ", ".join(name for name, state in json.loads(body)["parts"].items() if state != "ok")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "no valid response"
