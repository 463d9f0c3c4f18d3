"""Prometheus metrics of a Flask application, right under several workers.

With PROMETHEUS_MULTIPROC_DIR set to an empty folder before the first import, the workers of one server count
together; without it each process counts alone.
"""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("http_request_seconds", "Time to answer, in seconds.", ["method", "route"])


def count_requests(app: Flask) -> None:
    """Count and time all requests of `app`, by route rather than address so that the series stay few."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        REQUESTS.labels(method, route, response.status_code).inc()
        if "started" in g:
            SECONDS.labels(method, route).observe(time.perf_counter() - g.started)
        return response


def exposition() -> tuple[bytes, str]:
    """All metrics in Prometheus's text format, and its content type."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
