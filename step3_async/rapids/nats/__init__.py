"""NATS behind the port; nothing outside this folder names it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from step3_async.rapids.nats.streams import provision
    from step3_async.rapids.nats.transport import NatsTransport

__all__ = ["NatsTransport", "provision"]


def __getattr__(name: str) -> Any:
    # Who only asks for permissions does not wait for the client to be imported.
    if name == "provision":
        from step3_async.rapids.nats.streams import provision  # noqa: PLC0415

        return provision
    if name == "NatsTransport":
        from step3_async.rapids.nats.transport import NatsTransport  # noqa: PLC0415

        return NatsTransport
    raise AttributeError(name)
