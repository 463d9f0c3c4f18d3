"""The names of the headers that our processes send to each other, or that proxies and clients send to us."""

SERVICE_VERSION = "Service-Version"
"""Requests versions, such as `search=v1`, with commas between several. Without it each version gets its
share.
"""

SERVED_BY = "Served-By"
"""Names the instance that responded, and its version."""

REQUEST_ID = "X-Request-ID"
"""Travels with a request from service to service."""

FACE_SECRET = "X-Face-Secret"  # noqa: S105 - a header's name
"""Proves that a request comes from a process of ours that may say for whom it sends it."""

REPLICATION_SECRET = "Replication-Secret"  # noqa: S105 - a header's name
"""Proves that a request to synchronise at once comes from the face."""

FORWARDED_FOR = "X-Forwarded-For"
FORWARDED_PROTO = "X-Forwarded-Proto"
