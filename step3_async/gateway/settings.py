"""The gateway's own settings, read from the environment when asked for; others are in `kit.settings`."""

import os


def get_secret() -> str:
    """What all gateways sign the ids of commands with. Raises RuntimeError when none is set."""
    if secret := os.environ.get("GATEWAY_SECRET"):
        return secret
    raise RuntimeError("Set GATEWAY_SECRET to a long random text; `make run` does so.")


def get_host() -> str:
    """The address of the public face."""
    return os.environ.get("STEP3_HOST") or "127.0.0.1"


def get_port() -> int:
    """The port of the public face."""
    return int(os.environ.get("STEP3_PORT", "8003"))


def get_own_port() -> int:
    """The port of this instance alone: its health, its metrics, what it knows of the registry."""
    return int(os.environ.get("PORT", "8054"))


def get_listen_fd() -> int | None:
    """A listening socket that whoever started this process holds for the face; None to open one."""
    given = os.environ.get("LISTEN_FD")
    return int(given) if given else None


def get_request_seconds() -> float:
    """What a request may take in all."""
    return float(os.environ.get("REQUEST_SECONDS", "10"))


def get_settle_seconds() -> float:
    """How long the answer to a write waits for views to show it."""
    return float(os.environ.get("SETTLE_SECONDS", "5"))


def get_requests_at_once() -> int:
    """Requests from outside in work at the same time, once they have come; more are told to come again."""
    return int(os.environ.get("REQUESTS_AT_ONCE", "512"))


def get_waiting_at_once() -> int:
    """Connections that may wait for a request or its body; of more, those who have waited longest go."""
    return int(os.environ.get("WAITING_AT_ONCE", "4096"))


def get_head_seconds() -> float:
    """How long the head of a request may take to come, once it has begun."""
    return float(os.environ.get("HEAD_SECONDS", "10"))


def get_body_seconds() -> float:
    """How long the body of a request may take to come."""
    return float(os.environ.get("BODY_SECONDS", "20"))


def get_cache_bytes() -> int:
    """The largest that the cache may be; 0 for none."""
    return int(os.environ.get("CACHE_MAX_BYTES", str(64 * 1024 * 1024)))


def get_cache_entries() -> int:
    """The most answers that the cache may hold."""
    return int(os.environ.get("CACHE_MAX_ENTRIES", "10000"))
