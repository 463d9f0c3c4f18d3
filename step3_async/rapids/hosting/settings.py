"""Where this process and the gateway are, read from the environment when asked for."""

import os
import socket

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def get_gateway_url() -> str:
    """Where the gateway is."""
    return os.environ.get("GATEWAY_URL", "http://127.0.0.1:8003")


def get_own_url(port: int | None = None) -> str:
    """Where others find this instance: OWN_URL, or what it is bound to, by default the port PORT; who listens
    at all addresses of a machine is found at the one that its name stands for.
    """
    if given := os.environ.get("OWN_URL"):
        return given
    host = os.environ.get("STEP3_HOST") or "127.0.0.1"
    if host in EVERYWHERE:
        host = socket.gethostbyname(socket.gethostname())
    return f"http://{f'[{host}]' if ':' in host else host}:{port or os.environ.get('PORT') or 8000}"
