"""A client of another of our services, over REST."""

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import stamina
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError

from kit.logs import outgoing_headers
from kit.problems import PartDown, PartSlow, Problem, retold

CONNECT_SECONDS = 1.0
READ_SECONDS = 12.0
"""Longer than a service may take for its slowest verbs, so that its own word on what is slow gets through."""

HEALTH_SECONDS = 3.0
LONGEST_WAIT = 7
"""Digits of a Retry-After that makes sense."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""What may be sent again when nobody knows if it was heard (RFC 9110, 9.2.2)."""

CUT_OFF = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
"""What requests raises for a connection that fails or ends too early, the answer begun or not."""


class Rest:
    """A service at `url`, called `name` in texts for people. One session for all threads of a process."""

    def __init__(self, url: str, name: str, connections: int = 32) -> None:
        self.url = url.rstrip("/")
        self.name = name
        self._session = requests.Session()
        self._session.trust_env = False  # neighbours are not reached through a proxy
        # One reader's cookies must not go along with the next one's request.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> requests.Response:
        """The service's answer, if it is a good one.

        Raises the Problem that the service tells, PartDown when it cannot be reached and PartSlow when it
        does not answer in time.
        """
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        request = requests.Request(
            method,
            self.url + path,
            params=params,
            json=json,
            headers={"Accept": "application/json", **outgoing_headers(), **bearer, **(headers or {})},
        )
        try:
            answer = self._send(self._session.prepare_request(request), read_seconds)
        except requests.ReadTimeout as error:
            raise PartSlow(self.name) from error
        except requests.RequestException as error:
            raise PartDown(self.name) from error
        if answer.ok:
            return answer
        raise self._problem(answer)

    def health(self) -> dict[str, bool]:
        """Each of the service's own parts by name and whether it answers. Raises PartDown and PartSlow."""
        request = requests.Request("GET", f"{self.url}/health/ready")
        try:
            answer = self._send(self._session.prepare_request(request), HEALTH_SECONDS)
            return {part: state == "ok" for part, state in answer.json()["parts"].items()}
        except requests.ReadTimeout as error:
            raise PartSlow(self.name) from error
        except (requests.RequestException, KeyError, TypeError, AttributeError) as error:
            raise PartDown(self.name) from error

    def _send(self, request: requests.PreparedRequest, read_seconds: float) -> requests.Response:
        timeout = (CONNECT_SECONDS, read_seconds)
        attempts = 3 if request.method in IDEMPOTENT else 1
        for attempt in stamina.retry_context(
            CUT_OFF, attempts=attempts, timeout=1.0, wait_initial=0.02, wait_max=0.2
        ):
            with attempt:
                try:
                    return self._session.send(request, timeout=timeout, allow_redirects=False)
                except requests.ConnectionError as error:
                    # So requests calls it when an answer has begun and does not go on in time.
                    if error.args and isinstance(error.args[0], ReadTimeoutError):
                        raise requests.ReadTimeout(error) from error
                    raise
        raise AssertionError("stamina gives up by raising")

    def _problem(self, answer: requests.Response) -> Problem:
        try:
            told = answer.json()
            message, issues = str(told["_error"]["message"]), told.get("_issues")
        except (ValueError, KeyError, TypeError):
            message, issues = "", None
        after = answer.headers.get("Retry-After", "")
        known = retold(
            answer.status_code,
            message,
            issues if isinstance(issues, dict) else None,
            int(after) if after.isdecimal() and len(after) < LONGEST_WAIT else 2,
        )
        if known is None:
            return PartDown(self.name)
        if not message:
            known.args = (f"{self.name} answered with {answer.status_code}.",)
        return known
