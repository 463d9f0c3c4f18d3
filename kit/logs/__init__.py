"""Structured logs, and an id for each request that travels with it from service to service."""

from typing import TYPE_CHECKING, Any

from kit.logs.configure import configure_logs

if TYPE_CHECKING:
    from kit.logs.requests import log_requests, outgoing_headers

__all__ = ["configure_logs", "log_requests", "outgoing_headers"]


def __getattr__(name: str) -> Any:
    # Processes without Flask configure logs, too.
    if name in __all__:
        from kit.logs import requests  # noqa: PLC0415

        return getattr(requests, name)
    raise AttributeError(name)
