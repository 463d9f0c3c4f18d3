"""The transport that the environment names."""

from step3_async.rapids.nats import NatsTransport
from step3_async.rapids.nats.settings import get_nats_url
from step3_async.rapids.transport import Transport

PATIENCE_SECONDS = 5.0


async def connect(
    name: str, *, url: str | None = None, provisions: bool = False, patience: float = PATIENCE_SECONDS
) -> Transport:
    """A transport to `url`, by default NATS_URL; `name` is told to the server, for its operators.

    Where there is no connection within `patience` seconds it is returned all the same, and goes on trying in
    the background. Who `provisions` makes the rapids where they are missing, or have been lost.
    """
    transport = NatsTransport(url or get_nats_url(), name, provisions=provisions)
    await transport.start(patience)
    return transport
