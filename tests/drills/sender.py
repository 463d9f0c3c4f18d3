"""Requests at a constant rate, independent of the responses."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 30.0
"""Seconds after which a response counts as missing."""


@dataclass(frozen=True)
class Result:
    """The result of a request that was due at `due` by the monotonic clock and sent `lag` seconds later. The
    response was there `seconds` after the request was due.
    """

    due: float
    lag: float
    seconds: float
    outcome: int | str
    """The status, or the error's name."""
    served_by: str = ""
    total: int | None = None
    """The total of items in the response, if it is a collection."""
    refusal: str = ""
    """The message of the response, if it is an error."""

    @property
    def version(self) -> str:
        return self.served_by.rpartition(" ")[2]


class Sender(threading.Thread):
    """Sends `rate` requests a second with `token`, each by a thread and a connection of its own: slow
    responses block nothing, and no connection lives long enough to be closed by the other side.
    """

    def __init__(
        self, url: str, path: str, rate: float, token: str | None = None, method: str = "GET"
    ) -> None:
        super().__init__(daemon=True)
        self.responses: list[Result] = []
        self._address, self._path, self._rate, self._method = urlsplit(url).netloc, path, rate, method
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        self._headers = {"Accept": "application/json", **bearer}
        self._stop_requested = threading.Event()

    def run(self) -> None:
        sending_thread: list[threading.Thread] = []
        began, sent = time.monotonic(), 0
        while not self._stop_requested.is_set():
            due = began + sent / self._rate
            if self._stop_requested.wait(max(0.0, due - time.monotonic())):
                break
            sending_thread.append(threading.Thread(target=self._send, args=(due,), daemon=True))
            sending_thread[-1].start()
            sent += 1
        for each in sending_thread:
            each.join()

    def stop(self) -> None:
        """Send nothing more, and wait for the responses to come."""
        self._stop_requested.set()
        self.join()

    def since(self, moment: float) -> list[Result]:
        """Return the results of requests that were due after a moment."""
        return [each for each in self.responses.copy() if each.due > moment]

    def outcomes(self) -> Counter[int | str]:
        """Return how often each outcome came."""
        return Counter(each.outcome for each in self.responses)

    def refusals(self) -> Counter[str]:
        """Return how often each message of a refusal came, to show them where none was expected."""
        return Counter(
            f"{each.outcome} {each.refusal}" for each in self.responses if each.outcome != http.HTTPStatus.OK
        )

    def _send(self, due: float) -> None:
        lag = time.monotonic() - due
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request(self._method, self._path, headers=self._headers)
            response = connection.getresponse()
            body = response.read()
            is_good = response.status == http.HTTPStatus.OK
            total = json.loads(body).get("_meta", {}).get("total") if is_good else None
            refusal = "" if is_good else body.decode(errors="replace")
            seconds = time.monotonic() - due
            served_by = response.headers.get("Served-By", "")
            found = Result(due, lag, seconds, response.status, served_by, total, refusal)
        except (OSError, http.client.HTTPException) as error:
            found = Result(due, lag, time.monotonic() - due, type(error).__name__)
        finally:
            connection.close()
        self.responses.append(found)


@contextmanager
def sending(
    url: str, path: str, rate: float, token: str | None = None, method: str = "GET"
) -> Iterator[Sender]:
    """Send requests at a rate inside the block; at its end all have their responses."""
    sender = Sender(url, path, rate, token, method)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()
