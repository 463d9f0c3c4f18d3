"""What the gateway counts, besides the requests that `kit.metrics.requests` knows."""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from kit.metrics.requests import METHODS, REQUESTS, SECONDS

CALLS = Counter("gateway_calls", "Calls to services for requests.", ["service", "outcome"])
RETRIES = Counter("gateway_retries", "Calls made again.", ["service"])
REFUSED = Counter("gateway_refused", "Requests refused as there was too much to do already.", ["part"])
CACHE = Counter("gateway_cache", "Responses served from the cache, and those dropped from it.", ["result"])
CACHED_BYTES = Gauge("gateway_cache_bytes", "Size of the cached responses.", multiprocess_mode="livesum")
SETTLING = Histogram("gateway_command_seconds", "Time from a command to all views showing it.")
COMMANDS = Counter("gateway_commands", "Commands by the state in their response.", ["state"])
OPENED = Counter("gateway_breakers_opened", "Instances left alone for a moment.", ["service"])


@lru_cache(maxsize=4096)
def request_series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Return the counter and the times of such requests; `route` is one of few."""
    named = method if method in METHODS else "other"
    return REQUESTS.labels(named, route, status), SECONDS.labels(named, route)
