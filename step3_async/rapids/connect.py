"""Connect to the bus that the settings name."""

from collections.abc import Callable

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus
from step3_async.rapids.nats.bus import NatsBus
from step3_async.rapids.nats.settings import NatsSettings

CONNECT_SECONDS = 5.0


async def connect(
    name: str,
    *,
    url: str | None = None,
    provisions: bool = False,
    validate: Callable[[Event], None] | None = None,
    timeout: float = CONNECT_SECONDS,
) -> Bus:
    """Return a bus that is connected to `url`, by default NATS_URL. The server's operators see `name`.

    If there is no connection after `timeout` seconds, the bus is returned all the same, and goes on trying.
    With `provisions` it makes streams that are missing. `validate` raises ValueError for an event that must
    not be published.
    """
    bus = NatsBus(url or NatsSettings.read().url, name, provisions=provisions, validate=validate)
    await bus.start(timeout)
    return bus
