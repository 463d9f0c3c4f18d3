"""What capture is told by its environment."""

import os


def get_owners_prefix() -> str:
    """What the names of the owners' databases begin with."""
    return os.environ.get("OWNERS_PREFIX", "step3_")


def get_host() -> str:
    """The address to listen on."""
    return os.environ.get("STEP3_HOST") or "127.0.0.1"


def get_port() -> int:
    """The port of health and metrics."""
    return int(os.environ.get("PORT") or os.environ.get("STEP3_CAPTURE_PORT", "8052"))
