"""Calls to services: to which instance, for how long, and how often."""

import asyncio
import time
from collections.abc import Callable

from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError
from starlette.responses import Response

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.gateway import metrics
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.routing.balancer import Balancer, title_of
from step3_async.gateway.routing.registry import Instance, Registry
from step3_async.gateway.upstream.client import Call, HttpClient, add_own_headers
from step3_async.gateway.upstream.guards import Bulkhead, RetryBudget

TRIES = 3
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""What may be sent again when nobody knows whether it arrived (RFC 9110, 9.2.2)."""

AT_ONCE = 16
"""Calls in flight to one instance, which has 8 threads and lets as many wait."""

AT_ONCE_IN_ROOM = 4
"""The same for one kind of page: an instance of the web face waits for services with its 8 threads."""

FAILURES = frozenset({500, 502})
FAIR_SECONDS = 1.0
"""An instance that was given less time cannot be blamed for not responding in it."""


class Caller:
    """Makes calls. `secret` proves to services that the gateway may be trusted."""

    def __init__(self, client: HttpClient, registry: Registry, balancer: Balancer, secret: str) -> None:
        self._client, self._registry, self._balancer = client, registry, balancer
        self._secret = secret
        self._budget = RetryBudget()
        self._bulkheads: dict[tuple[str, str], Bulkhead] = {}

    async def call(self, call: Call, request: Request) -> Response:
        """Return the service's response, whatever it is.

        Raises DependencyUnavailable, DependencyTimeout, and Refused for an unknown version or what cannot be
        sent.
        """
        service = call.route.service
        seconds = min(call.seconds, request.deadline.left())
        if seconds <= 0:
            raise DependencyTimeout(title_of(service))
        bulkhead = self._bulkhead(call)
        try:
            await bulkhead.enter(seconds)
        except DependencyUnavailable:
            metrics.REFUSED.labels(service).inc()
            raise
        try:
            seconds = min(seconds, request.deadline.left())
            add_own_headers(call, request, self._secret, seconds)
            return await self._try(call, request.versions.get(service), seconds)
        except TimeoutError:
            metrics.call_series(service, "slow").inc()
            raise DependencyTimeout(title_of(service)) from None
        finally:
            bulkhead.leave()

    async def _try(self, call: Call, version: str | None, seconds: float) -> Response:
        service = call.route.service
        end = asyncio.get_running_loop().time() + seconds
        self._budget.earn()
        tried: list[Instance] = []
        while True:
            instance = self._balancer.choose(service, version, tried)
            try:
                response = await self._send(call, instance, end, seconds >= FAIR_SECONDS)
            except ClientError as error:
                was_sent = not isinstance(error, ClientConnectorError | ConnectionTimeoutError)
                metrics.call_series(service, "cut off" if was_sent else "refused").inc()
                tried.append(instance)
                may_retry = call.method in IDEMPOTENT or not was_sent
                if not may_retry or len(tried) >= TRIES or not self._budget.spend():
                    raise DependencyUnavailable(title_of(service), retry_after=1) from error
                metrics.RETRIES.labels(service).inc()
                continue
            metrics.call_series(service, "answered").inc()
            return response

    async def _send(self, call: Call, instance: Instance, end: float, is_fair: bool) -> Response:
        breaker = instance.breaker
        was_open = breaker.is_open
        is_trying = breaker.begin()
        instance.outstanding += 1
        try:
            async with asyncio.timeout_at(end):
                response = await self._client.send(call, instance.announced.url)
        except ClientConnectorError:
            breaker.trip(time.monotonic())
            raise
        except (ClientError, TimeoutError) as error:
            if is_fair or not isinstance(error, TimeoutError):
                breaker.fail(time.monotonic())
            raise
        finally:
            breaker.end(is_trying)
            instance.outstanding -= 1
            if breaker.is_open and not was_open:
                metrics.OPENED.labels(call.route.service).inc()
        # A page that fails says little about the web face: it is made of what services respond.
        if response.status_code in FAILURES and not call.route.room:
            breaker.fail(time.monotonic())
        else:
            breaker.succeed(time.monotonic())
        return response

    def _bulkhead(self, call: Call) -> Bulkhead:
        key = (call.route.service, call.route.room)
        found = self._bulkheads.get(key)
        if found is None:
            at_once = AT_ONCE_IN_ROOM if call.route.room else AT_ONCE
            limit = self._limit(call.route.service, at_once)
            found = self._bulkheads[key] = Bulkhead(title_of(call.route.service), limit)
        return found

    def _limit(self, service: str, at_once: int) -> Callable[[], int]:
        return lambda: at_once * max(1, len(self._registry.up(service)))
