"""One call to a service: to which instance, how long, and how often."""

import asyncio
import time
from collections.abc import Callable, Mapping

from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.gateway import metrics
from step3_async.gateway.balancing import Balancer, called
from step3_async.gateway.budget import RetryBudget
from step3_async.gateway.bulkhead import Bulkhead
from step3_async.gateway.forwarding import add_ours
from step3_async.gateway.messages import Answer, Asked
from step3_async.gateway.registry import Instance, Registry
from step3_async.gateway.sending import Call, Sender

TRIES = 3
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""What may be sent again when nobody knows if it was heard (RFC 9110, 9.2.2)."""

LIMITS = {"web": 10.0, "share": 9.0, "images": 9.0, "members": 6.0}
"""Seconds that services may take, where they are others than LIMIT: to mail, to fetch, to hash."""

LIMIT = 5.0
AT_ONCE = 16
"""Calls in work with one instance, which has 8 threads and lets as many wait."""

COMPARTMENT = 4
"""Threads of an instance of `web`, which waits for services, that one kind of page may take of its 8."""

FAILURES = frozenset({500, 502})

FAIR = 1.0
"""Who was given less time than this cannot be blamed for not answering in it."""


class Caller:
    """Makes calls. `secret` proves to those who need it that the gateway is one of us."""

    def __init__(self, sender: Sender, registry: Registry, balancer: Balancer, secret: str = "") -> None:
        self._sender, self._registry, self._balancer = sender, registry, balancer
        self._secret = secret
        self._budget = RetryBudget()
        self._bulkheads: dict[tuple[str, str], Bulkhead] = {}

    async def call(self, call: Call, asked: Asked) -> Answer:
        """The service's answer, whatever it is. Raises DependencyUnavailable, DependencyTimeout, and Refused
        for an unknown version or a request that cannot be passed on.
        """
        limit = LIMITS.get(call.service, LIMIT) if call.limit is None else call.limit
        seconds = min(limit, asked.deadline.left())
        if seconds <= 0:
            raise DependencyTimeout(called(call.service))
        bulkhead = self._bulkhead(call)
        try:
            await bulkhead.enter(seconds)
        except DependencyUnavailable:
            metrics.REFUSED.labels(call.service).inc()
            raise
        try:
            add_ours(call.headers, asked, call.service, self._secret, seconds)
            return await self._try(call, asked.versions, seconds)
        except TimeoutError:
            metrics.call_series(call.service, "slow").inc()
            raise DependencyTimeout(called(call.service)) from None
        finally:
            bulkhead.leave()

    async def _try(self, call: Call, versions: Mapping[str, str], seconds: float) -> Answer:
        end = asyncio.get_running_loop().time() + seconds
        self._budget.earn()
        tried: list[Instance] = []
        while True:
            instance = self._balancer.choose(call.service, versions.get(call.service), tried)
            try:
                answer = await self._call(call, instance, end, seconds >= FAIR)
            except ClientError as error:
                was_sent = not isinstance(error, ClientConnectorError | ConnectionTimeoutError)
                metrics.call_series(call.service, "cut off" if was_sent else "refused").inc()
                tried.append(instance)
                may = call.method in IDEMPOTENT or not was_sent
                if not may or len(tried) >= TRIES or not self._budget.spend():
                    raise DependencyUnavailable(called(call.service), retry_after=1) from error
                metrics.RETRIES.labels(call.service).inc()
                continue
            metrics.call_series(call.service, "answered").inc()
            return answer

    async def _call(self, call: Call, instance: Instance, end: float, is_fair: bool) -> Answer:
        breaker = instance.breaker
        was_open = breaker.is_open
        is_trying = breaker.begin()
        instance.outstanding += 1
        try:
            async with asyncio.timeout_at(end):
                answer = await self._sender.send(call, instance.told.url)
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
                metrics.OPENED.labels(call.service).inc()
        if answer.status in FAILURES and call.service != "web":
            breaker.fail(time.monotonic())
        else:
            breaker.succeed(time.monotonic())
        return answer

    def _bulkhead(self, call: Call) -> Bulkhead:
        key = (call.service, call.compartment)
        found = self._bulkheads.get(key)
        if found is None:
            room = COMPARTMENT if call.compartment else AT_ONCE
            limit = self._limit(call.service, room)
            found = self._bulkheads[key] = Bulkhead(called(call.service), limit)
        return found

    def _limit(self, service: str, room: int) -> Callable[[], int]:
        return lambda: room * max(1, len(self._registry.up(service)))
