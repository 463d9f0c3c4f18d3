"""A client of a step's face, as a program uses it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import requests

from workshop.testbed.process import NotMeasured

TIMEOUT = 60.0
THREADS = 4

Given = TypeVar("Given")
Result = TypeVar("Result")


class Face:
    """Sends requests to `base`, with a reader's `token` or as a visitor."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self._base = base.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept"] = "application/json"
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of the response. Raises NotMeasured if there is none, or the status is an error."""
        try:
            response = self._session.request(method, self._base + path, json=body, timeout=TIMEOUT)
            response.raise_for_status()
            return response.json()
        except (requests.RequestException, ValueError) as error:
            raise NotMeasured(f"{method} {path} failed: {error}") from error


def several(action: Callable[[Given], Result], over: Iterable[Given]) -> list[Result]:
    """Return the results of an action in their order. A few are done at a time."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [*pool.map(action, over)]
