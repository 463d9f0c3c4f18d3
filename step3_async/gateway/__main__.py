"""Runs an instance of the gateway: `python -m step3_async.gateway`."""

import asyncio
import contextlib
import os
import sys

from kit.logs import configure_logs
from kit.server.gc import freeze_gc
from kit.settings import ServiceSettings
from step3_async.gateway import settings
from step3_async.gateway.app import Gateway, gateway
from step3_async.gateway.own import Own
from step3_async.gateway.server import Server, bound, face_socket
from step3_async.rapids.announce import Announcer
from step3_async.rapids.connect import connect
from step3_async.rapids.hosting.settings import get_own_url
from step3_async.rapids.signals import Announcement
from step3_async.rapids.tracing import configure_tracing

NAME = "gateway"
TAGS = ["kind:gateway", "face"]

KNOWN_SECONDS = 10.0
LOOK_SECONDS = 0.02


async def main() -> None:
    """Serve until a signal says otherwise. Raises OSError when a port is taken, RuntimeError for settings."""
    instance = ServiceSettings.read().instance or NAME
    configure_logs(instance)
    configure_tracing(NAME)
    host, port = settings.get_host(), settings.get_own_port()
    sockets = [face_socket(), bound(host, port)]
    transport = await connect(instance)
    try:
        async with gateway(transport) as made:
            await _until_known(made.own)
            announcer = Announcer(transport, lambda: _described(made, instance, get_own_url(port)))
            await announcer.start()
            freeze_gc()
            await Server(made.face, announcer.leave).serve(sockets)
    finally:
        await transport.close()


async def _until_known(own: Own) -> None:
    """Wait until all that is needed was heard of, as it takes requests from the socket that gateways share.

    Not for ever: where something is really missing, clients are to be told what.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(KNOWN_SECONDS):
            while not own.can_serve():
                await asyncio.sleep(LOOK_SECONDS)


def _described(made: Gateway, instance: str, url: str) -> Announcement:
    return Announcement(
        service=NAME,
        version=ServiceSettings.read().version,
        instance=instance,
        url=url,
        tags=TAGS,
        takes=[],
        state="up" if made.own.is_ready() else "busy",
        load=made.attending.in_work,
        pid=os.getpid(),
    )


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (OSError, RuntimeError, ValueError) as problem:
        sys.exit(f"The gateway cannot run: {problem}")
