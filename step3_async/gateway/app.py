"""Make the gateway from its parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import TraceConfig
from opentelemetry import trace
from starlette.types import ASGIApp

from kit.clients.discovery import Services
from kit.http.proxies import TrustedProxies
from kit.settings import ServiceSettings, TrustSettings
from step3_async.gateway.admin import AdminEndpoints
from step3_async.gateway.cache.response_cache import ResponseCache
from step3_async.gateway.commands.commands import Commands
from step3_async.gateway.commands.read_your_writes import AppliedChanges
from step3_async.gateway.dispatcher import Dispatcher
from step3_async.gateway.ingress.handler import Handler
from step3_async.gateway.ingress.request import Parser
from step3_async.gateway.routing.balancer import Balancer
from step3_async.gateway.routing.listener import Listener
from step3_async.gateway.routing.registry import Registry
from step3_async.gateway.settings import GatewaySettings
from step3_async.gateway.upstream.caller import Caller
from step3_async.gateway.upstream.client import make_session
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.tasks import cancel, retrying


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
    registry = Registry(settings.expected_services, on_change=cache.clear)
    balancer = Balancer(registry, Services(ServiceSettings.read().services_file))
    changes = AppliedChanges(bus, registry)
    admin = AdminEndpoints(bus, registry, balancer, settings)
    parser = Parser(balancer, trust.face_secret, settings.request_seconds, TrustedProxies(trust.proxies))
    commands = Commands(changes, settings.gateway_secret, settings.command_seconds)
    listener = Listener(bus, registry, balancer, changes, cache)
    async for attempt in retrying(Unavailable):
        with attempt:
            await listener.start()
    async with make_session(_client_traces()) as session:
        caller = Caller(session, balancer, trust.face_secret)
        handler = Handler(parser, cache, admin, Dispatcher(registry, caller, commands), settings)
        sweeping = asyncio.create_task(listener.run())
        try:
            yield Gateway(_traced(handler), handler, admin, registry, cache)
        finally:
            await cancel(sweeping)


def _traced(app: ASGIApp) -> ASGIApp:
    """Return the application with a span for each request, where `configure_tracing` found an exporter."""
    if not _has_exporter():
        return app
    # It takes long to import, and is seldom needed.
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415

    return OpenTelemetryMiddleware(app, exclude_spans=["receive", "send"])


def _client_traces() -> list[TraceConfig]:
    if not _has_exporter():
        return []
    from opentelemetry.instrumentation.aiohttp_client import create_trace_config  # noqa: PLC0415

    return [create_trace_config()]


def _has_exporter() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
