"""A client of a service or an API over REST, for other processes of ours."""

import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import orjson
import requests
import stamina
import structlog
from requests.adapters import HTTPAdapter
from stamina.instrumentation import PrometheusOnRetryHook, RetryDetails, set_on_retry_hooks
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from kit.http.problems import DependencyTimeout, DependencyUnavailable, Problem, problem_from_response
from kit.logs import outgoing_headers

CONNECT_SECONDS = 1.0
READ_SECONDS = 12.0
"""Longer than a service may take for its slowest verbs, so that its own message about a slow part arrives."""

HEALTH_SECONDS = 3.0
LONGEST_WAIT = 7
"""The most digits of a Retry-After that makes sense."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods of requests that may be sent again when nobody knows whether they arrived (RFC 9110, 9.2.2)."""

CUT_OFF = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
"""The errors that requests raises for a connection that fails, or ends before the response is complete."""


AVOIDED_SECONDS = 1.0
"""For how many seconds an instance that refused a connection is tried last."""

log = structlog.stdlib.get_logger(__name__)


def _log_retry(details: RetryDetails) -> None:
    """Log another attempt in words for people: stamina would log names of Python functions."""
    log.info("request sent again", attempt=details.retry_num + 1, reason=str(details.caused_by))


set_on_retry_hooks([PrometheusOnRetryHook, _log_retry])


class ApiResponse(Protocol):
    """A response: its body, and its headers without regard to case."""

    @property
    def content(self) -> bytes:
        """The body as it is."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    def json(self) -> Any:
        """Return the body's JSON."""


class Api(Protocol):
    """The API of one service, or of several together."""

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
    ) -> ApiResponse:
        """Send a request and return the response, if it is a good one. Raises Problem."""

    def health(self) -> dict[str, bool]:
        """Return whether each part responds. Raises DependencyUnavailable and DependencyTimeout."""


class Rest:
    """A service called `name` in texts for people. One session for all threads of a process.

    `where` is its address, or a function that returns the addresses of its instances, best first.
    """

    def __init__(self, where: str | Callable[[], list[str]], name: str, connections: int = 32) -> None:
        self._where = where if callable(where) else lambda: [where]
        self._avoided: dict[str, float] = {}
        self.name = name
        self._session = requests.Session()
        self._session.trust_env = False  # neighbours are not reached through a proxy
        # One reader's cookies must not go along with the next one's request.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=32, pool_maxsize=connections)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def urls(self) -> list[str]:
        """List the addresses to try, in this order; those that just refused a connection come last."""
        now = time.monotonic()
        found = [url.rstrip("/") for url in self._where()]
        return sorted(found, key=lambda url: self._avoided.get(url, 0.0) > now)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> requests.Response:
        """Send a request and return the response, if it is a good one.

        `content` is a body that is JSON already.

        Raises the Problem that the service names, DependencyUnavailable when it cannot be reached and
        DependencyTimeout when it does not respond in time.
        """
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        typed = {"Content-Type": "application/json"} if content is not None else {}
        request = requests.Request(
            method,
            params=params,
            json=json,
            data=content,
            headers={
                "Accept": "application/json",
                **typed,
                **outgoing_headers(),
                **bearer,
                **(headers or {}),
            },
        )
        try:
            response = self._send(request, path, read_seconds)
        except requests.ReadTimeout as error:
            raise DependencyTimeout(self.name) from error
        except requests.RequestException as error:
            raise DependencyUnavailable(self.name) from error
        if response.ok:
            return response
        raise problem_of(self.name, response.status_code, response.headers, response.content)

    def health(self) -> dict[str, bool]:
        """Return each of the service's own parts by name, and whether it responds.

        Raises DependencyUnavailable and DependencyTimeout.
        """
        try:
            response = self._send(requests.Request("GET"), "/health/ready", HEALTH_SECONDS)
            return {part: state == "ok" for part, state in response.json()["parts"].items()}
        except requests.ReadTimeout as error:
            raise DependencyTimeout(self.name) from error
        except (requests.RequestException, KeyError, TypeError, AttributeError) as error:
            raise DependencyUnavailable(self.name) from error

    def _send(self, request: requests.Request, path: str, read_seconds: float) -> requests.Response:
        is_idempotent = request.method in IDEMPOTENT
        for attempt in stamina.retry_context(
            CUT_OFF, attempts=3 if is_idempotent else 1, timeout=1.0, wait_initial=0.02, wait_max=0.2
        ):
            with attempt:
                return self._send_round(request, path, read_seconds, is_idempotent)
        raise AssertionError("stamina gives up by raising")

    def _send_round(
        self, request: requests.Request, path: str, read_seconds: float, is_idempotent: bool
    ) -> requests.Response:
        """Try the instances one after another, and return the first response.

        The next one is tried only if the one before cannot have received the request, or if the request is
        idempotent.
        """
        failure: requests.RequestException = requests.ConnectionError(f"{self.name} has no instance")
        for url in self.urls():
            request.url = url + path
            try:
                return self._send_once(request, url, read_seconds)
            except CUT_OFF as error:
                failure = error
                if not is_idempotent and not _was_not_sent(error):
                    break
        raise failure

    def _send_once(self, request: requests.Request, url: str, read_seconds: float) -> requests.Response:
        prepared = self._session.prepare_request(request)
        try:
            return self._session.send(
                prepared, timeout=(CONNECT_SECONDS, read_seconds), allow_redirects=False
            )
        except requests.ConnectionError as error:
            if _was_not_sent(error):
                self._avoided[url] = time.monotonic() + AVOIDED_SECONDS
            # So requests calls it when a response has begun and does not go on in time.
            if error.args and isinstance(error.args[0], ReadTimeoutError):
                raise requests.ReadTimeout(error) from error
            raise


def problem_of(name: str, status: int, headers: Mapping[str, str], content: bytes) -> Problem:
    """Return the problem that a bad response of the service called `name` describes."""
    try:
        payload = orjson.loads(content)
        message, issues = str(payload["_error"]["message"]), payload.get("_issues")
    except (ValueError, KeyError, TypeError):
        message, issues = "", None
    after = headers.get("Retry-After", "")
    known = problem_from_response(
        status,
        message,
        issues if isinstance(issues, dict) else None,
        int(after) if after.isdecimal() and len(after) < LONGEST_WAIT else 2,
    )
    if known is None:
        return DependencyUnavailable(name)
    if not message:
        known.args = (f"{name} responded with {status}.",)
    return known


def _was_not_sent(error: Exception) -> bool:
    """Return whether no connection was made, so that the service cannot have received the request."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
