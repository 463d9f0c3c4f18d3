"""A client of a service or an API over REST, for other processes of ours."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import orjson
import stamina
import structlog
from stamina.instrumentation import PrometheusOnRetryHook, RetryDetails, set_on_retry_hooks
from urllib3 import HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from kit.http.problems import DependencyTimeout, DependencyUnavailable, Problem, problem_from_response
from kit.logs import outgoing_headers
from kit.tracing.instrumentation import trace_calls

CONNECT_SECONDS = 1.0
READ_SECONDS = 12.0
"""Longer than a service may take for its slowest verbs, so that its own message about a slow part arrives."""

HEALTH_SECONDS = 3.0
LONGEST_WAIT = 7
"""The most digits of a Retry-After that makes sense."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods of requests that may be sent again when nobody knows whether they arrived (RFC 9110, 9.2.2)."""

NOT_SENT = (NewConnectionError, ConnectTimeoutError)
"""The errors when no connection was made, so that the service cannot have received the request."""

CUT_OFF = (*NOT_SENT, ProtocolError, SSLError, ClosedPoolError)
"""The errors when a connection fails, or ends before the response is complete."""

MOST_POOLS = 32
"""How many instances keep their connections. When more have come and gone, all begin anew."""

AVOIDED_SECONDS = 1.0
"""For how many seconds an instance that refused a connection is tried last."""

log = structlog.stdlib.get_logger(__name__)


def _log_retry(details: RetryDetails) -> None:
    """Log another attempt in words for people: stamina would log names of Python functions."""
    log.info("request sent again", attempt=details.retry_num + 1, reason=str(details.caused_by))


set_on_retry_hooks([PrometheusOnRetryHook, _log_retry])


@dataclass(frozen=True)
class RestResponse:
    """The response of a service. Names of `headers` are found in upper and lower case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether it is no error."""
        return self.status_code < HTTPStatus.BAD_REQUEST

    def json(self) -> Any:
        """Parse the content. Raises ValueError if it is not JSON."""
        return orjson.loads(self.content)


@dataclass(frozen=True)
class _Request:
    """A request, without the address of the instance that it is sent to."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


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
    ) -> RestResponse:
        """Send a request and return the response, if it is a good one. Raises Problem."""

    def health(self) -> dict[str, bool]:
        """Return whether each part responds. Raises DependencyUnavailable and DependencyTimeout."""


class Rest:
    """A service called `name` in texts for people. One pool of connections for all threads of a process.

    `where` is its address, or a function that returns the addresses of its instances, best first.

    It stands on urllib3 itself and not on requests, which nearly doubles the time of a call for what
    neighbours do not need: cookies, redirects, and proxies of the environment.
    """

    def __init__(self, where: str | Callable[[], list[str]], name: str, connections: int = 32) -> None:
        self._where = where if callable(where) else lambda: [where]
        self._avoided: dict[str, float] = {}
        self.name = name
        self._connections = connections
        trace_calls()
        self._pools: dict[str, tuple[HTTPConnectionPool, str]] = {}

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
    ) -> RestResponse:
        """Send a request and return the response, if it is a good one.

        `content` is a body that is JSON already.

        Raises the Problem that the service names, DependencyUnavailable when it cannot be reached and
        DependencyTimeout when it does not respond in time.
        """
        body = content if json is None else orjson.dumps(json)
        request = _Request(
            method,
            _target(path, params),
            {
                "Accept": "application/json",
                **({"Content-Type": "application/json"} if body is not None else {}),
                **outgoing_headers(),
                **({"Authorization": f"Bearer {token}"} if token else {}),
                **(headers or {}),
            },
            body,
        )
        try:
            response = self._send(request, read_seconds)
        except ReadTimeoutError as error:
            raise DependencyTimeout(self.name) from error
        except HTTPError as error:
            raise DependencyUnavailable(self.name) from error
        if response.ok:
            return response
        raise problem_of(self.name, response)

    def health(self) -> dict[str, bool]:
        """Return each of the service's own parts by name, and whether it responds.

        Raises DependencyUnavailable and DependencyTimeout.
        """
        try:
            response = self._send(_Request("GET", "/health/ready", {}), HEALTH_SECONDS)
            return {part: state == "ok" for part, state in response.json()["parts"].items()}
        except ReadTimeoutError as error:
            raise DependencyTimeout(self.name) from error
        except (HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DependencyUnavailable(self.name) from error

    def _send(self, request: _Request, read_seconds: float) -> RestResponse:
        is_idempotent = request.method in IDEMPOTENT
        for attempt in stamina.retry_context(
            CUT_OFF, attempts=3 if is_idempotent else 1, timeout=1.0, wait_initial=0.02, wait_max=0.2
        ):
            with attempt:
                return self._send_round(request, read_seconds, is_idempotent)
        raise AssertionError("stamina gives up by raising")

    def _send_round(self, request: _Request, read_seconds: float, is_idempotent: bool) -> RestResponse:
        """Try the instances one after another, and return the first response.

        The next one is tried only if the one before cannot have received the request, or if the request is
        idempotent.
        """
        failure: HTTPError = ProtocolError(f"{self.name} has no instance")
        for url in self.urls():
            try:
                return self._send_once(request, url, read_seconds)
            except CUT_OFF as error:
                failure = error
                if isinstance(error, NOT_SENT):
                    self._avoided[url] = time.monotonic() + AVOIDED_SECONDS
                elif not is_idempotent:
                    break
        raise failure

    def _send_once(self, request: _Request, url: str, read_seconds: float) -> RestResponse:
        pool, prefix = self._pool(url)
        response = pool.urlopen(
            request.method,
            prefix + request.target,
            body=request.body,
            headers=request.headers,
            timeout=Timeout(connect=CONNECT_SECONDS, read=read_seconds),
            retries=False,
            redirect=False,
        )
        return RestResponse(response.status, response.headers, response.data)

    def _pool(self, url: str) -> tuple[HTTPConnectionPool, str]:
        """Return the pool of an instance and the path of its address.

        urllib3's PoolManager would parse the address again for each request.
        """
        found = self._pools.get(url)
        if found is None:
            if len(self._pools) >= MOST_POOLS:
                self._pools.clear()
            found = connection_from_url(url, maxsize=self._connections), urlsplit(url).path
            self._pools[url] = found
        return found


def problem_of(name: str, response: RestResponse) -> Problem:
    """Return the problem that a bad response of the service called `name` describes."""
    try:
        payload = response.json()
        message, issues = str(payload["_error"]["message"]), payload.get("_issues")
    except (ValueError, KeyError, TypeError):
        message, issues = "", None
    after = response.headers.get("Retry-After", "")
    known = problem_from_response(
        response.status_code,
        message,
        issues if isinstance(issues, dict) else None,
        int(after) if after.isdecimal() and len(after) < LONGEST_WAIT else 2,
    )
    if known is None:
        return DependencyUnavailable(name)
    if not message:
        known.args = (f"{name} responded with {response.status_code}.",)
    return known


def _target(path: str, params: Mapping[str, Any] | None) -> str:
    """Return a path with its query; parameters that are None are left out."""
    given = {name: value for name, value in (params or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path
