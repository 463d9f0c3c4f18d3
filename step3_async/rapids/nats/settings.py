"""Settings of NATS, read from the environment when asked for; defaults fit one machine."""

import os
from urllib.parse import unquote, urlsplit

MEGABYTE = 1_000_000
DAY_SECONDS = 24 * 60 * 60


def get_nats_url() -> str:
    """The address with user and password; those of a cluster's servers with commas between them."""
    return os.environ.get("NATS_URL") or "nats://127.0.0.1:4222"


def get_max_bytes() -> int:
    """How much the rapids hold before the oldest events go."""
    return int(os.environ.get("RAPIDS_MAX_BYTES") or 2000 * MEGABYTE)


def get_max_age() -> float:
    """Seconds after which events go."""
    return float(os.environ.get("RAPIDS_MAX_AGE") or 7 * DAY_SECONDS)


def get_replicas() -> int:
    """How many servers of a cluster hold each event."""
    return int(os.environ.get("RAPIDS_REPLICAS") or 1)


def user_of(url: str) -> str | None:
    """The user that an address names."""
    user = urlsplit(url.split(",", maxsplit=1)[0]).username
    return unquote(user) if user else None
