"""The gateway's own metrics. `kit.metrics.requests` has those of requests, which all processes count."""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from kit.metrics.requests import METHODS, REQUESTS, SECONDS

REFUSED = Counter("gateway_refused", "Requests refused as there was too much to do already.")
CACHE = Counter("gateway_cache", "Responses served from the cache, and those dropped from it.", ["result"])
CACHED_BYTES = Gauge("gateway_cache_bytes", "Size of the cached responses.", multiprocess_mode="livesum")
COMMAND_SECONDS = Histogram("gateway_command_seconds", "Time from a command to all views showing it.")
COMMANDS = Counter("gateway_commands", "Commands by the state in their response.", ["state"])


@lru_cache(maxsize=4096)
def request_series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Return the counter and the histogram of seconds for requests with these labels.

    `route` must be one of few names: each name becomes a time series of its own.
    """
    named = method if method in METHODS else "other"
    return REQUESTS.labels(named, route, status), SECONDS.labels(named, route)
