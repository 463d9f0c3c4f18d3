"""The gateway's own metrics. `kit.metrics.requests` has those of requests, which all processes count."""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from kit.metrics.requests import METHODS, REQUESTS, SECONDS

CALLS = Counter("gateway_calls", "Calls to services for requests.", ["service", "outcome"])
RETRIES = Counter("gateway_retries", "Calls made again.", ["service"])
REFUSED = Counter("gateway_refused", "Requests refused as there was too much to do already.", ["part"])
CACHE = Counter("gateway_cache", "Responses served from the cache, and those dropped from it.", ["result"])
CACHED_BYTES = Gauge("gateway_cache_bytes", "Size of the cached responses.", multiprocess_mode="livesum")
COMMAND_SECONDS = Histogram("gateway_command_seconds", "Time from a command to all views showing it.")
COMMANDS = Counter("gateway_commands", "Commands by the state in their response.", ["state"])
BREAKERS_OPENED = Counter("gateway_breakers_opened", "Instances left alone for a moment.", ["service"])


@lru_cache(maxsize=4096)
def request_series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Return the counter and the histogram of seconds for requests with these labels.

    `route` must be one of few names: each name becomes a time series of its own.
    """
    named = method if method in METHODS else "other"
    return REQUESTS.labels(named, route, status), SECONDS.labels(named, route)
