"""The gateway's own settings. `kit.settings` has those that it shares with other processes."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic_core import ErrorDetails

from step3_async.client.settings import ClientSettings, Names

Port = Annotated[int, Field(ge=1, le=65_535)]


class GatewaySettings(ClientSettings):
    """Each setting is read from the environment variable of its name in capitals."""

    gateway_secret: str = Field(description="a long random text; `make run` does so.")
    """The key with which all gateways sign the ids of commands."""

    step3_host: str = "127.0.0.1"
    step3_port: Port = 8003
    """The address of the face."""

    port: Port = 8054
    """The port of this instance alone: for its health, its metrics and its registry."""

    session_cookie: str = "session"
    """The name of the cookie by which the web face knows a browser's session."""

    listen_fd: NonNegativeInt | None = None
    """A listening socket for the face, held by the process that started this one; None to open one."""

    needed_services: Names = ()
    """The services that must be up for the gateway to be ready."""

    request_seconds: NonNegativeFloat = 10.0
    """How long a request may take in all."""

    command_seconds: NonNegativeFloat = 5.0
    """How long the response to a write waits for views to show it."""

    requests_at_once: PositiveInt = 512
    """The most requests from outside in flight at a time; others get 503 with Retry-After."""

    waiting_at_once: PositiveInt = 4096
    """The most connections that may wait for a request or its body. If there are more, those that have waited
    longest are closed.
    """

    head_seconds: NonNegativeFloat = 10.0
    body_seconds: NonNegativeFloat = 20.0
    """How long the head of a request may take to come, once it has begun, and its body."""

    cache_max_bytes: NonNegativeInt = 64 * 1024 * 1024
    cache_max_entries: NonNegativeInt = 10_000
    """How large the cache may be. With 0 bytes there is no cache."""

    @classmethod
    def _explain(cls, problem: ErrorDetails) -> str:
        if problem["type"] == "missing":
            return super()._explain(problem)
        message = f"{problem['msg'][0].lower()}{problem['msg'][1:]}"
        return f"{problem['loc'][0]} is {problem['input']!r}: {message}."
