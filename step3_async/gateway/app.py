"""Make the gateway from its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from kit.http.proxies import TrustedProxies
from kit.settings import TrustSettings
from kit.tracing.exporter import has_exporter
from step3_async.client import open_client
from step3_async.client.routing.registry import Registry
from step3_async.gateway.admin import AdminEndpoints
from step3_async.gateway.cache.response_cache import ResponseCache
from step3_async.gateway.changes import ChangeListener
from step3_async.gateway.commands.commands import Commands
from step3_async.gateway.commands.read_your_writes import AppliedChanges
from step3_async.gateway.dispatcher import Dispatcher
from step3_async.gateway.ingress.handler import Handler
from step3_async.gateway.ingress.request import Parser
from step3_async.gateway.settings import GatewaySettings
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.tasks import retrying


@dataclass(frozen=True)
class Gateway:
    """The ASGI application `app`, and what stands behind it."""

    app: ASGIApp
    handler: Handler
    admin: AdminEndpoints
    registry: Registry
    cache: ResponseCache


@asynccontextmanager
async def open_gateway(bus: Bus, settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """Make a gateway that listens to `bus` inside the block."""
    trust = TrustSettings.read()
    cache = ResponseCache(settings.cache_max_bytes, settings.cache_max_entries)
    async with open_client(bus, settings.expected_services, trust.face_secret, cache.clear) as client:
        registry, balancer = client.registry, client.balancer
        changes = AppliedChanges(bus, registry)
        async for attempt in retrying(Unavailable):
            with attempt:
                await ChangeListener(bus, changes, cache).start()
        admin = AdminEndpoints(bus, registry, balancer, settings)
        parser = Parser(balancer, settings.request_seconds, TrustedProxies(trust.proxies))
        commands = Commands(changes, settings.gateway_secret, settings.command_seconds)
        dispatcher = Dispatcher(client, commands, settings.session_cookie)
        handler = Handler(parser, cache, admin, dispatcher, settings)
        yield Gateway(_traced(handler), handler, admin, registry, cache)


def _traced(app: ASGIApp) -> ASGIApp:
    """Return the application with a span for each request, where `configure_tracing` found an exporter."""
    if not has_exporter():
        return app
    # It takes long to import, and is seldom needed.
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415

    return OpenTelemetryMiddleware(app, exclude_spans=["receive", "send"])
