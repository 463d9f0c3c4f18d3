"""Call services: choose an instance, limit the time, and try again with another one if that is safe."""

import asyncio
import time

from aiohttp import ClientConnectorError, ClientError, ClientSession, ConnectionTimeoutError
from starlette.responses import Response

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.client import metrics
from step3_async.client.request import Request
from step3_async.client.routing.balancer import Balancer
from step3_async.client.routing.registry import Instance, title_of
from step3_async.client.routing.routes import Route
from step3_async.client.upstream.guards import Overloaded, RetryBudget
from step3_async.client.upstream.http import headers_for, send

TRIES = 3
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods of requests that may be sent again when nobody knows whether they arrived (RFC 9110, 9.2.2)."""

FAILURES = frozenset({500, 502})
FAIR_SECONDS = 1.0
"""An instance that was given less time cannot be blamed for not responding in it."""


class Caller:
    """Makes calls over `session`. `secret` proves to services that the gateway may be trusted."""

    def __init__(self, session: ClientSession, balancer: Balancer, secret: str) -> None:
        self._session, self._balancer, self._secret = session, balancer, secret
        self._budget = RetryBudget()

    async def call(self, route: Route, request: Request, seconds: float | None = None) -> Response:
        """Send a request to the service of `route`, and return the response, good or bad.

        `request` is a client's, or one that the gateway makes for it. The call may take `seconds`, or by
        default as long as the route says.

        Raises DependencyUnavailable, DependencyTimeout, and Refused for an unknown version or what cannot be
        sent.
        """
        service = route.service
        end = min(time.monotonic() + (seconds or route.path.seconds), request.ends_at)
        if end <= time.monotonic():
            raise DependencyTimeout(title_of(service))
        self._budget.earn()
        tried: list[Instance] = []
        while True:
            instance = self._balancer.choose(service, request.versions.get(service), tried)
            try:
                response = await self._call_instance(route, request, instance, end)
            except TimeoutError:
                metrics.CALLS.labels(service, "slow").inc()
                raise DependencyTimeout(title_of(service)) from None
            except Overloaded:
                metrics.REFUSED.labels(service).inc()
                raise
            except ClientError as error:
                was_sent = not isinstance(error, ClientConnectorError | ConnectionTimeoutError)
                metrics.CALLS.labels(service, "cut off" if was_sent else "refused").inc()
                tried.append(instance)
                may_retry = request.method in IDEMPOTENT or not was_sent
                if not may_retry or len(tried) >= TRIES or not self._budget.spend():
                    raise DependencyUnavailable(title_of(service), retry_after=1) from error
                metrics.RETRIES.labels(service).inc()
            else:
                metrics.CALLS.labels(service, "answered").inc()
                return response

    async def _call_instance(
        self, route: Route, request: Request, instance: Instance, end: float
    ) -> Response:
        bulkhead = instance.bulkhead(route.bulkhead)
        instance.outstanding += 1
        try:
            await bulkhead.enter(end - time.monotonic())
            try:
                return await self._send(route, request, instance, end)
            finally:
                bulkhead.leave()
        finally:
            instance.outstanding -= 1

    async def _send(self, route: Route, request: Request, instance: Instance, end: float) -> Response:
        """Send the request, and note its result for the instance's breaker."""
        breaker, now = instance.breaker, time.monotonic()
        breaker.begin(now)
        headers = headers_for(route, request, self._secret, end - now)
        try:
            async with asyncio.timeout_at(end):
                response = await send(self._session, route, request, headers, instance.announced.url)
        except ClientConnectorError:
            breaker.trip(time.monotonic())
            raise
        except (ClientError, TimeoutError) as error:
            if end - now >= FAIR_SECONDS or not isinstance(error, TimeoutError):
                breaker.fail(time.monotonic())
            raise
        # A page that fails says little about the web face: it is made of what services respond.
        if response.status_code in FAILURES and not route.bulkhead:
            breaker.fail(time.monotonic())
        else:
            breaker.succeed()
        return response
