"""The dispatcher sends a request to the service of its path, or responds with the state of a command."""

from starlette.responses import Response

from kit.http.media_types import preferred
from kit.http.problems import DependencyUnavailable, NotFound
from step3_async.client import ServiceClient
from step3_async.client.request import READING, joined
from step3_async.client.routing.routes import Route
from step3_async.gateway.commands.commands import Commands
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.ingress.responses import (
    COMMANDS,
    HTML,
    JSON,
    OFFERED,
    for_face,
    respond_to_other_methods,
)
from step3_async.rapids.messages import API

FORM = "application/x-www-form-urlencoded"


class Dispatcher:
    """Responds to requests whose bodies have been read.

    Requests of the face go straight to a service if the client wants JSON. Pages go to the web face, and so
    does everything that needs what the web face knows: sessions, whose cookie is named `session_cookie`, and
    forms.
    """

    def __init__(self, client: ServiceClient, commands: Commands, session_cookie: str) -> None:
        self._client, self._commands = client, commands
        self._registry = client.registry
        self._session_cookie = f"{session_cookie}="

    def find_route(self, request: Request) -> None:
        """Set the request's route, and the label by which metrics count it."""
        if request.path.startswith(COMMANDS):
            request.label = f"{COMMANDS}{{id}}"
            return
        route = self._registry.routes.find_direct(request.path)
        if route is None or not self._goes_straight(route, request):
            route = self._registry.routes.find(request.path)
        if route is not None:
            request.route, request.label = route, route.name

    async def respond(self, request: Request) -> Response:
        """Return the response, which still has headers that are not for clients. Raises Problems."""
        if request.path.startswith(COMMANDS):
            return respond_to_other_methods(request) or await self._commands.state(
                request.path.removeprefix(COMMANDS)
            )
        route = self._require_route(request)
        response = await self._client.respond(route, request)
        if route.is_direct:
            for_face(response, is_personal="authorization" in request.headers)
        elif route.path.below:
            _add_prefix_to_location(response)
        if request.method in READING:
            return response
        return await self._commands.respond(request, response)

    def _goes_straight(self, route: Route, request: Request) -> bool:
        wanted = preferred(joined(request.headers, "accept") or None, OFFERED)
        if route.path.face == "any":
            return wanted != HTML
        if "authorization" not in request.headers and self._session_cookie in joined(
            request.headers, "cookie"
        ):
            return False
        if joined(request.headers, "content-type").lower().startswith(FORM):
            return False
        return wanted == JSON

    def _require_route(self, request: Request) -> Route:
        """Return the route. Raises NotFound if there is none, or DependencyUnavailable if a service that may
        announce one has not been up yet.
        """
        if request.route is not None:
            return request.route
        if self._registry.missing:
            raise DependencyUnavailable("What is at this address", retry_after=1)
        raise NotFound("There is nothing at this address.")


def _add_prefix_to_location(response: Response) -> None:
    """Add the API's prefix to the header Location, as a service knows its paths without the prefix."""
    location = response.headers.get("location", "")
    if location.startswith("/"):
        response.headers["location"] = API + location
