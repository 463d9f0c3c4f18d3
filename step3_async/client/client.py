"""The client: the registry, kept up to date, and calls to the services that it knows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import TraceConfig
from starlette.responses import Response

from kit.clients.discovery import Services
from kit.settings import ServiceSettings
from kit.tracing.exporter import has_exporter
from step3_async.client.composition import Composer
from step3_async.client.request import READING, Request
from step3_async.client.routing.balancer import Balancer
from step3_async.client.routing.listener import Listener
from step3_async.client.routing.registry import Registry
from step3_async.client.routing.routes import Route
from step3_async.client.upstream.caller import Caller
from step3_async.client.upstream.http import make_session
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.tasks import cancel, retrying


@dataclass(frozen=True)
class ServiceClient:
    """Calls the services of `registry`."""

    registry: Registry
    balancer: Balancer
    caller: Caller
    composer: Composer

    async def respond(self, route: Route, request: Request) -> Response:
        """Return the response of the route's service; for a signed-in reader, composed as the route says.

        Raises what Caller.call raises, and SignedOut.
        """
        is_reading = request.method in READING
        if route.path.composition != "none" and is_reading and "authorization" in request.headers:
            return await self.composer.compose(route, request)
        return await self.caller.call(route, request)


@asynccontextmanager
async def open_client(
    bus: Bus, expected: Sequence[str], secret: str, on_change: Callable[[], None] = lambda: None
) -> AsyncIterator[ServiceClient]:
    """Make a client that listens to `bus` inside the block.

    `secret` proves to services that they may trust its requests. `expected` and `on_change` are as in
    Registry.
    """
    registry = Registry(expected, on_change)
    balancer = Balancer(registry, Services(ServiceSettings.read().services_file))
    listener = Listener(bus, registry, balancer)
    async for attempt in retrying(Unavailable):
        with attempt:
            await listener.start()
    async with make_session(_client_traces()) as session:
        caller = Caller(session, balancer, secret)
        sweeping = asyncio.create_task(listener.run())
        try:
            yield ServiceClient(registry, balancer, caller, Composer(caller, registry))
        finally:
            await cancel(sweeping)


def _client_traces() -> list[TraceConfig]:
    if not has_exporter():
        return []
    # It takes long to import, and is seldom needed.
    from opentelemetry.instrumentation.aiohttp_client import create_trace_config  # noqa: PLC0415

    return [create_trace_config()]
