"""The metrics of capture."""

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("capture_events", "Events published.", ["domain"])
DELAY = Histogram(
    "capture_delay_seconds",
    "From a write until its event is stored.",
    ["domain"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
LAG = Gauge(
    "capture_lag_seconds",
    "For how long changes may not be published yet.",
    ["domain"],
    multiprocess_mode="livemostrecent",
)
LEASES = Gauge(
    "capture_leases", "Sources that this instance follows now.", multiprocess_mode="livemostrecent"
)
PAGES = Counter("capture_snapshot_pages", "Pages of snapshots published.", ["domain"])
SNAPSHOTS = Counter("capture_snapshots", "Snapshots published to their end.", ["domain"])
TOKENS_LOST = Counter(
    "capture_resume_tokens_lost", "How often MongoDB's log no longer reached back.", ["domain"]
)
