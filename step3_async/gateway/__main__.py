"""Runs an instance of the gateway: `python -m step3_async.gateway`."""

import asyncio
import contextlib
import os
import sys

from kit.logs import configure_logs
from kit.server.gc import freeze_gc
from kit.settings import ServiceSettings
from kit.tracing.exporter import configure_tracing
from step3_async.gateway.admin import AdminEndpoints
from step3_async.gateway.app import Gateway, open_gateway
from step3_async.gateway.ingress.server import Server, bound_socket, face_socket
from step3_async.gateway.settings import GatewaySettings
from step3_async.rapids.announcer import Announcer
from step3_async.rapids.connect import connect
from step3_async.rapids.hosting.settings import HostingSettings
from step3_async.rapids.messages import Announcement

NAME = "gateway"
TAGS = ["kind:gateway", "face"]

NEEDED_SECONDS = 10.0
LOOK_SECONDS = 0.02


async def main() -> None:
    """Serve until a signal ends it. Raises OSError when a port is taken, RuntimeError for settings."""
    settings = GatewaySettings.read()
    instance = ServiceSettings.read().instance or NAME
    configure_logs(instance)
    configure_tracing(NAME)
    sockets = [face_socket(settings), bound_socket(settings.step3_host, settings.port)]
    bus = await connect(instance)
    try:
        async with open_gateway(bus, settings) as gateway:
            await _wait_for_needed(gateway.admin)
            url = HostingSettings.read().get_own_url(settings.port)
            announcer = Announcer(bus, lambda: _announcement(gateway, instance, url))
            await announcer.start()
            freeze_gc()
            await Server(gateway, settings, announcer.leave).serve(sockets)
    finally:
        await bus.close()


async def _wait_for_needed(admin: AdminEndpoints) -> None:
    """Wait until the needed services are known: from then on this process takes requests from the socket that
    gateways share.

    Wait for NEEDED_SECONDS at most: if a service really is missing, clients must get an error that says so.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(NEEDED_SECONDS):
            while not admin.can_serve():
                await asyncio.sleep(LOOK_SECONDS)


def _announcement(gateway: Gateway, instance: str, url: str) -> Announcement:
    return Announcement(
        service=NAME,
        version=ServiceSettings.read().version,
        instance=instance,
        url=url,
        tags=TAGS,
        subscriptions=[],
        state="up" if gateway.admin.is_ready() else "starting",
        load=gateway.handler.in_flight,
        pid=os.getpid(),
    )


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (OSError, RuntimeError, ValueError) as problem:
        sys.exit(f"The gateway cannot run: {problem}")
