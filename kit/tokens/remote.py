"""The public keys that another service publishes."""

import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

import jwt
import orjson
import structlog
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError

from kit.clients.discovery import JWKS
from kit.clients.rest import Rest
from kit.http.problems import DependencyTimeout, DependencyUnavailable
from kit.logs import outgoing_headers
from kit.tokens.keys import parse

LIFESPAN = 300.0
"""Seconds for which a set is used before it is requested again."""

AWAY = 5.0
"""Seconds between requests to a publisher that did not respond, while an old set is used."""

COOLDOWN = 10.0
"""Seconds between requests for ids that nobody knows: anybody can invent those."""

PAUSE = 1.0
"""Seconds between attempts to get the first set ahead of time."""

STAYS_AWAY = 10.0
"""Seconds of failures after which they are logged."""

CONNECT_SECONDS, READ_SECONDS = 1.0, 2.0
LARGEST_SET = 64 * 1024

log = structlog.stdlib.get_logger(__name__)


class RemoteKeys:
    """The keys that `service` publishes, for all threads of a process; `clock` returns seconds.

    jwt.PyJWKClient is not used: it blocks every thread while it waits, reads without a limit, and regards its
    last set as fresh when the publisher is away.
    """

    def __init__(self, service: Rest, clock: Callable[[], float] = time.monotonic) -> None:
        self._service, self._name = service, service.name
        self._clock = clock
        self._pools = PoolManager()
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] | None = None
        self._failure: type[DependencyUnavailable] | type[DependencyTimeout] = DependencyUnavailable
        self._refresh_at = self._unknown_at = float("-inf")
        self._requests = 0
        self._away_since: float | None = None
        self._is_logged = False

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Find the key with that id, if it is published.

        Raises DependencyUnavailable and DependencyTimeout if there never was a set.
        """
        requests_before = self._requests
        keys = self._keys
        if keys is None:
            keys = self._first(requests_before)
        elif self._clock() >= self._refresh_at and self._lock.acquire(blocking=False):
            try:
                keys = self._request() or keys
            finally:
                self._lock.release()
        return keys.get(kid) or self._after_unknown(keys, requests_before).get(kid)

    def fetch_ahead(self) -> None:
        """Get a first set in a thread before it is needed, so that the publisher may be away later."""
        threading.Thread(target=self._fetch_ahead, name="keys", daemon=True).start()

    def _fetch_ahead(self) -> None:
        while self._keys is None:
            with self._lock:
                if self._keys is None and self._request() is not None:
                    return
            time.sleep(PAUSE)

    def _first(self, requests_before: int) -> Mapping[str, jwt.PyJWK]:
        with self._lock:
            # Who waited while another one failed shares that failure, else they would queue for minutes.
            keys = self._keys or (self._request() if self._requests == requests_before else None)
            if keys is None:
                raise self._failure(self._name)
            return keys

    def _after_unknown(self, keys: Mapping[str, jwt.PyJWK], requests_before: int) -> Mapping[str, jwt.PyJWK]:
        with self._lock:
            now = self._clock()
            if self._requests == requests_before and now >= self._unknown_at:
                self._unknown_at = now + COOLDOWN
                self._request()
            return self._keys or keys

    def _request(self) -> Mapping[str, jwt.PyJWK] | None:
        """Replace the set, if the publisher has one, and return it. One thread at a time does this."""
        try:
            self._keys = self._fetch()
            self._refresh_at = self._clock() + LIFESPAN
            self._away_since, self._is_logged = None, False
        except (DependencyUnavailable, DependencyTimeout) as problem:
            self._log_failure(problem)
            self._failure = type(problem)
            self._refresh_at = self._clock() + AWAY
            self._unknown_at = max(self._unknown_at, self._refresh_at)
        self._requests += 1
        return self._keys

    def _log_failure(self, problem: DependencyUnavailable | DependencyTimeout) -> None:
        """Warn once of a publisher that stays away; while services start, they wait for each other for a
        moment.
        """
        now = self._clock()
        self._away_since = now if self._away_since is None else self._away_since
        if not self._is_logged and now - self._away_since >= STAYS_AWAY:
            self._is_logged = True
            log.warning("keys not fetched", service=self._name, reason=repr(problem.__cause__))

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        # Between two requests the publisher closes idle connections, so none is kept.
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **outgoing_headers(),
        }
        try:
            response = self._pools.request(
                "GET",
                self._address(),
                headers=headers,
                timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                if response.status != HTTPStatus.OK:
                    raise ValueError(f"responded with {response.status}")
                return parse(orjson.loads(_body(response)))
            finally:
                response.close()
        except (ReadTimeoutError, TimeoutError) as error:
            raise DependencyTimeout(self._name) from error
        except (HTTPError, OSError, ValueError) as error:
            raise DependencyUnavailable(self._name) from error

    def _address(self) -> str:
        urls = self._service.urls()
        if not urls:
            raise ValueError(f"{self._name} has no instance")
        return urls[0] + JWKS


def _body(response: BaseHTTPResponse) -> bytes:
    """Read the response's body. Raises ValueError for a large one, TimeoutError for a slow one."""
    deadline = time.monotonic() + READ_SECONDS
    body = bytearray()
    while chunk := response.read1(LARGEST_SET):
        body += chunk
        if len(body) > LARGEST_SET:
            raise ValueError(f"its set is larger than {LARGEST_SET} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("its set trickles in")
    return bytes(body)
