"""Prometheus metrics of a Flask application that are correct with several workers.

With PROMETHEUS_MULTIPROC_DIR set to an empty folder before the first import, the workers of one server count
together; without it each process counts alone.
"""

import time
from functools import lru_cache

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"

REQUESTS = Counter("http_requests", "Requests with their responses.", ["method", "route", "status"])
SECONDS = Histogram("http_request_seconds", "Time until the response, in seconds.", ["method", "route"])


def count_requests(app: Flask) -> None:
    """Count and time all requests of `app`, by route and not by address, so that there are few time
    series.
    """

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        rule, method = request.url_rule, request.method
        requests, seconds = _series(method, rule.rule if rule else NO_ROUTE, response.status_code)
        requests.inc()
        if (started := g.get("started")) is not None:
            seconds.observe(time.perf_counter() - started)
        return response


@lru_cache(maxsize=4096)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    named = method if method in METHODS else "other"
    return REQUESTS.labels(named, route, status), SECONDS.labels(named, route)
