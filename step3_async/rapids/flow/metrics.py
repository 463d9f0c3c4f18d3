"""What flows count and measure."""

from prometheus_client import Counter, Gauge, Histogram

HANDLED, FAILED, SET_ASIDE = "handled", "failed", "set aside"

EVENTS = Counter("rapids_events", "Events that a river brought, by what came of it.", ["river", "outcome"])
BATCH = Histogram(
    "rapids_batch_size", "Events dealt with at once.", ["river"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
LAG = Histogram(
    "rapids_lag_seconds",
    "From a change to when it had settled, in seconds.",
    ["river"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600),
)
BEHIND = Gauge(
    "rapids_behind", "Events that are yet to be dealt with.", ["river"], multiprocess_mode="mostrecent"
)
