"""Find the service that a path belongs to, from the paths that services announce.

The paths of a service are remembered after its last instance has gone: requests for them then get
503 Service Unavailable rather than 404 Not Found.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import structlog

from step3_async.rapids.messages import API, AnnouncedPath, Announcement

_PARAMETER = re.compile(r"({\w+(?::path)?})")

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """A path, and the service that responds there.

    Calls for routes with the same `bulkhead` share one; "" is the one for all calls of the service. With
    `is_direct` it is for a path of the face, as clients use it without the prefix.
    """

    service: str
    path: AnnouncedPath
    bulkhead: str = ""
    is_direct: bool = False

    def target_of(self, target: str) -> str:
        """Return the path and query that the service gets for a client's."""
        return target if self.is_direct else target.removeprefix(self.path.below)

    @property
    def name(self) -> str:
        """The name of the route in metrics: one of few."""
        if self.path.below:
            return f"{'' if self.is_direct else self.path.below}{self.path.template}"
        return f"{self.service} {self.bulkhead}"


class Routes:
    """The paths of all services that have announced some."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}
        self._parts: dict[str, dict[str, Route]] = defaultdict(dict)
        self._disputed: set[tuple[str, str]] = set()
        self._in_order: dict[str, list[tuple[re.Pattern[str], Route]]] = {}
        self.find = lru_cache(maxsize=4096)(self._find)
        self.find_direct = lru_cache(maxsize=4096)(self._find_direct)

    def update(self, announcements: Iterable[Announcement]) -> None:
        """Add the paths that services announce now. Paths that nobody announces any more are kept.

        If several services announce the same path, the first of them by name gets it, at every gateway.
        """
        announced: dict[tuple[str, str], list[Route]] = defaultdict(list)
        for each in sorted(announcements, key=lambda each: (each.service, each.instance)):
            for path in each.paths:
                route = Route(each.service, path)
                if path.part:
                    self._parts[path.template][each.service] = route
                else:
                    announced[path.below, _pattern(path.template)].append(route)
        for key, routes in announced.items():
            self._routes[key] = routes[0]
            self._warn_of_dispute(key, routes)
        self._in_order.clear()
        # The more of a template is fixed, the earlier it is tried: /posts/{post}/like before /{page:path}.
        for (below, pattern), route in sorted(self._routes.items(), key=lambda each: _rank(each[1])):
            self._in_order.setdefault(below, []).append((re.compile(pattern, re.DOTALL), route))
        self.find.cache_clear()
        self.find_direct.cache_clear()

    def parts(self, template: str) -> list[Route]:
        """Return the routes to all services that announce `template` as a part of other responses."""
        return [route for _, route in sorted(self._parts[template].items())]

    def find_in_api(self, path: str) -> Route | None:
        """Return the route of a path as services know it."""
        return self._match(API, path)

    def _find(self, path: str) -> Route | None:
        """Return the route of a client's path."""
        if is_api(path):
            return self._match(API, path[len(API) :])
        page = self._match("", path)
        if page is None:
            return None
        # A page waits for the API service of the same path. A slow one must hold up pages of its kind only.
        same = self._match(API, path)
        return replace(page, bulkhead=same.service if same else page.path.template)

    def _find_direct(self, path: str) -> Route | None:
        """Return the route of a path of the face to the service that responds there to some clients."""
        route = self._match(API, path)
        return replace(route, is_direct=True) if route is not None and route.path.face != "none" else None

    def _match(self, below: str, path: str) -> Route | None:
        patterns = self._in_order.get(below, ())
        return next((route for pattern, route in patterns if pattern.fullmatch(path)), None)

    def _warn_of_dispute(self, key: tuple[str, str], routes: list[Route]) -> None:
        services = list(dict.fromkeys(each.service for each in routes))
        if len(services) == 1:
            self._disputed.discard(key)
        elif key not in self._disputed:
            self._disputed.add(key)
            path = routes[0].path.below + routes[0].path.template
            log.warning("several services announce a path", path=path, used=services[0], by=services)


def is_api(path: str) -> bool:
    """Return whether a client's path belongs to the API."""
    return path.startswith(f"{API}/") or path == API


def _pattern(template: str) -> str:
    """Return a regular expression. Services need not agree on the names of parameters."""
    return "".join(
        re.escape(piece) if not piece.startswith("{") else ".*" if piece.endswith(":path}") else "[^/]+"
        for piece in _PARAMETER.split(template)
    )


def _rank(route: Route) -> tuple[int, str]:
    return -len(_PARAMETER.sub("", route.path.template)), route.path.template
