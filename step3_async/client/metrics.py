"""The metrics of calls to services."""

from prometheus_client import Counter

CALLS = Counter("client_calls", "Calls to services for requests.", ["service", "outcome"])
RETRIES = Counter("client_retries", "Calls made again.", ["service"])
REFUSED = Counter("client_refused", "Calls refused as a service had too much to do already.", ["service"])
BREAKERS_OPENED = Counter("client_breakers_opened", "Instances left alone for a moment.", ["service"])
