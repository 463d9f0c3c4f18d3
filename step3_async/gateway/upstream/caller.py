"""Calls to services: to which instance, for how long, and how often."""

import asyncio
import time

from aiohttp import ClientConnectorError, ClientError, ClientSession, ConnectionTimeoutError
from starlette.responses import Response

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.gateway import metrics
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.routing.balancer import Balancer
from step3_async.gateway.routing.registry import Instance, title_of
from step3_async.gateway.upstream.client import Call, add_own_headers, send
from step3_async.gateway.upstream.guards import Overloaded, RetryBudget

TRIES = 3
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""What may be sent again when nobody knows whether it arrived (RFC 9110, 9.2.2)."""

FAILURES = frozenset({500, 502})
FAIR_SECONDS = 1.0
"""An instance that was given less time cannot be blamed for not responding in it."""


class Caller:
    """Makes calls over `session`. `secret` proves to services that the gateway may be trusted."""

    def __init__(self, session: ClientSession, balancer: Balancer, secret: str) -> None:
        self._session, self._balancer, self._secret = session, balancer, secret
        self._budget = RetryBudget()

    async def call(self, call: Call, request: Request) -> Response:
        """Return the service's response, whatever it is.

        Raises DependencyUnavailable, DependencyTimeout, and Refused for an unknown version or what cannot be
        sent.
        """
        service = call.route.service
        end = min(time.monotonic() + call.seconds, request.ends_at)
        if end <= time.monotonic():
            raise DependencyTimeout(title_of(service))
        self._budget.earn()
        tried: list[Instance] = []
        while True:
            instance = self._balancer.choose(service, request.versions.get(service), tried)
            try:
                response = await self._call_instance(call, request, instance, end)
            except TimeoutError:
                metrics.call_series(service, "slow").inc()
                raise DependencyTimeout(title_of(service)) from None
            except Overloaded:
                metrics.REFUSED.labels(service).inc()
                raise
            except ClientError as error:
                was_sent = not isinstance(error, ClientConnectorError | ConnectionTimeoutError)
                metrics.call_series(service, "cut off" if was_sent else "refused").inc()
                tried.append(instance)
                may_retry = call.method in IDEMPOTENT or not was_sent
                if not may_retry or len(tried) >= TRIES or not self._budget.spend():
                    raise DependencyUnavailable(title_of(service), retry_after=1) from error
                metrics.RETRIES.labels(service).inc()
            else:
                metrics.call_series(service, "answered").inc()
                return response

    async def _call_instance(self, call: Call, request: Request, instance: Instance, end: float) -> Response:
        instance.outstanding += 1
        try:
            async with instance.bulkhead(call.route.room).room(end - time.monotonic()):
                return await self._send(call, request, instance, end)
        finally:
            instance.outstanding -= 1

    async def _send(self, call: Call, request: Request, instance: Instance, end: float) -> Response:
        """Send the call, and let the instance's breaker know what came of it."""
        breaker, now = instance.breaker, time.monotonic()
        breaker.begin(now)
        add_own_headers(call, request, self._secret, end - now)
        try:
            async with asyncio.timeout_at(end):
                response = await send(self._session, call, instance.announced.url)
        except ClientConnectorError:
            breaker.trip(time.monotonic())
            raise
        except (ClientError, TimeoutError) as error:
            if end - now >= FAIR_SECONDS or not isinstance(error, TimeoutError):
                breaker.fail(time.monotonic())
            raise
        # A page that fails says little about the web face: it is made of what services respond.
        if response.status_code in FAILURES and not call.route.room:
            breaker.fail(time.monotonic())
        else:
            breaker.succeed()
        return response
