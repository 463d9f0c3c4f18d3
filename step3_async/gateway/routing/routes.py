"""Which service a path belongs to, as services announce it.

Paths of services that have been seen are remembered: while nobody is there to respond, they lead to
503 Service Unavailable rather than to 404 Not Found.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from step3_async.rapids.messages import API, AnnouncedPath, Announcement

NOTHING = re.compile(r"(?!)")
_PARAMETER = re.compile(r"({\w+(?::path)?})")

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """A path, and the service that responds there.

    Routes with the same `room` share what the bulkhead has for them; "" stands for all that the service has.
    """

    service: str
    path: AnnouncedPath
    room: str = ""

    @property
    def name(self) -> str:
        """What metrics call the route: one of few names."""
        return f"{self.path.below}{self.path.template}" if self.path.below else f"{self.service} {self.room}"


@dataclass(slots=True)
class _Table:
    """The routes below one prefix: by path, and by the groups of a pattern with all that have parameters."""

    fixed: dict[str, Route]
    pattern: re.Pattern[str]
    patterned: list[Route]

    def find(self, path: str) -> Route | None:
        route = self.fixed.get(path)
        if route is None and (match := self.pattern.fullmatch(path)):
            return self.patterned[(match.lastindex or 1) - 1]
        return route


class Routes:
    """The paths of all services that have been seen."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}
        self._parts: dict[str, dict[str, Route]] = defaultdict(dict)
        self._disputed: set[tuple[str, str]] = set()
        self._api = self._pages = _Table({}, NOTHING, [])
        self._pages_by_room: dict[tuple[str, str], Route] = {}

    def update(self, announcements: Iterable[Announcement]) -> None:
        """Take over the paths that services announce now. Those that nobody announces now are kept.

        Of several services that announce the same path the first by name gets it, at every gateway.
        """
        announced: dict[tuple[str, str], list[Route]] = defaultdict(list)
        for each in sorted(announcements, key=lambda each: (each.service, each.instance)):
            for path in each.paths:
                route = Route(each.service, path)
                if path.part:
                    self._parts[path.template][each.service] = route
                else:
                    announced[path.below, _shape(path.template)].append(route)
        for key, routes in announced.items():
            self._routes[key] = routes[0]
            self._warn_of_dispute(key, list(dict.fromkeys(each.service for each in routes)))
        self._api, self._pages = self._table(API), self._table("")
        self._pages_by_room.clear()

    def find(self, path: str) -> Route | None:
        """Return the route of a client's path."""
        return self.find_in_api(path[len(API) :]) if is_api(path) else self._find_page(path)

    def find_in_api(self, path: str) -> Route | None:
        """Return the route of a path as services know it."""
        return self._api.find(path)

    def parts(self, template: str) -> list[Route]:
        """Return the routes to all services that announce this as a part of other responses."""
        return [route for _, route in sorted(self._parts[template].items())]

    def _find_page(self, path: str) -> Route | None:
        page = self._pages.find(path)
        if page is None:
            return None
        # A page waits for the API service of the same path. A slow one must hold up pages of its kind only.
        same = self._api.find(path)
        key = (page.path.template, same.service if same else page.path.template)
        found = self._pages_by_room.get(key)
        if found is None:
            found = self._pages_by_room[key] = Route(page.service, page.path, room=key[1])
        return found

    def _table(self, below: str) -> _Table:
        routes = [route for (prefix, _), route in self._routes.items() if prefix == below]
        fixed = {each.path.template: each for each in routes if "{" not in each.path.template}
        # The more of a template is fixed, the earlier it is tried: /posts/{post}/like before /{page:path}.
        patterned = sorted(
            (each for each in routes if "{" in each.path.template),
            key=lambda each: (-len(_PARAMETER.sub("", each.path.template)), each.path.template),
        )
        groups = [f"({_as_pattern(each.path.template)})" for each in patterned]
        return _Table(fixed, re.compile("|".join(groups), re.DOTALL) if groups else NOTHING, patterned)

    def _warn_of_dispute(self, key: tuple[str, str], services: list[str]) -> None:
        if len(services) == 1:
            self._disputed.discard(key)
        elif key not in self._disputed:
            self._disputed.add(key)
            path = "".join(key)
            log.warning("several services announce a path", path=path, used=services[0], by=services)


def is_api(path: str) -> bool:
    """Tell whether a client's path belongs to the API."""
    return path.startswith(f"{API}/") or path == API


def _shape(template: str) -> str:
    """Return the template without the names of its parameters: services need not agree on these."""
    return _PARAMETER.sub(lambda found: "{:path}" if found[1].endswith(":path}") else "{}", template)


def _as_pattern(template: str) -> str:
    return "".join(
        re.escape(piece) if not piece.startswith("{") else ".*" if piece.endswith(":path}") else "[^/]+"
        for piece in _PARAMETER.split(template)
    )
