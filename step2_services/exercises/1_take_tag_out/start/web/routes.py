"""Route requests to the services, which together have the API of step 1."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import g, has_request_context

from kit.clients.rest import Rest, RestResponse
from kit.http.headers import SERVED_BY
from kit.http.problems import NotFound, Problem

ROUTES = (
    (r"/posts/[^/]+/tags/.*|/tags(/.*)?", "like"),
    (r"/posts/[^/]+/like|/likes|/like-counts", "like"),
    (r"/posts/[^/]+/hide|/hidden", "hide"),
    (r"/posts/[^/]+/share", "share"),
    (r"/posts(/.*)?", "posts"),
    (r"/search", "search"),
    (r"/recommended|/topics", "recommend"),
    (r"/images/.*", "images"),
    (r"/members(/.*)?|/tokens(/.*)?|/me", "members"),
)
OWNERS = {"tags": "like", "liked": "like", "hidden": "hide"}
"""The service that owns each kind of a reader's marks."""

PASSED_ON = {"smtp"}
"""Parts of services that the face reports as its own: without one of them a single verb fails."""

SERVICES = tuple(dict.fromkeys(service for _, service in ROUTES))


class Routed:
    """The services as one API. For the current request it notes which instances responded (`served_by`)."""

    def __init__(self, services: Mapping[str, Rest]) -> None:
        self.services = services

    def call(self, method: str, path: str, **arguments: Any) -> RestResponse:
        """Send a request to the service that the path belongs to."""
        for pattern, service in ROUTES:
            if re.fullmatch(pattern, path):
                return self.call_service(service, method, path, **arguments)
        raise NotFound("There is nothing at this address.")

    def call_service(self, service: str, method: str, path: str, **arguments: Any) -> RestResponse:
        """Send a request to this service."""
        response = self.services[service].call(method, path, **arguments)
        if has_request_context() and SERVED_BY in response.headers:
            g.setdefault("served_by", []).append(response.headers[SERVED_BY])
        return response

    def health(self) -> dict[str, bool]:
        """Return each service by name, and whether it is ready; and the same for the mail server."""
        names = list(self.services)
        with ThreadPoolExecutor(len(names)) as pool:
            states = dict(zip(names, pool.map(self._parts, names), strict=True))
        is_ready = {
            name: all(is_up for part, is_up in parts.items() if part not in PASSED_ON)
            for name, parts in states.items()
        }
        passed_on = {
            part: is_up for parts in states.values() for part, is_up in parts.items() if part in PASSED_ON
        }
        return {**is_ready, **passed_on}

    def _parts(self, name: str) -> dict[str, bool]:
        try:
            return self.services[name].health()
        except Problem:
            return {"responds": False}


def served_by() -> str:
    """List the instances that had a part in the current response, with their versions."""
    return ", ".join(dict.fromkeys(g.get("served_by", [])))
