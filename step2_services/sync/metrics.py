"""What sync counts."""

from prometheus_client import Counter, Gauge

LAG = Gauge(
    "sync_lag_seconds",
    "How far a taker's copies may lie behind their owner.",
    ["taker", "what"],
    multiprocess_mode="mostrecent",
)
DELIVERED = Counter("sync_delivered", "Changes that takers have taken.", ["taker", "what"])
