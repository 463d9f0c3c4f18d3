"""The dispatcher sends a request to the service of its path, or responds with the state of a command."""

from starlette.responses import Response

from kit.http.problems import DependencyUnavailable, NotFound
from step3_async.gateway.commands.commands import Commands
from step3_async.gateway.composition import Composer
from step3_async.gateway.ingress.request import READING, Request
from step3_async.gateway.ingress.responses import COMMANDS, respond_to_other_methods
from step3_async.gateway.routing.registry import Registry
from step3_async.gateway.routing.routes import Route
from step3_async.gateway.upstream.caller import Caller
from step3_async.rapids.messages import API


class Dispatcher:
    """Responds to requests whose bodies have been read."""

    def __init__(self, registry: Registry, caller: Caller, commands: Commands) -> None:
        self._registry, self._caller, self._commands = registry, caller, commands
        self._composer = Composer(caller, registry)

    def find_route(self, request: Request) -> None:
        """Set the request's route, and the label by which metrics count it."""
        if request.path.startswith(COMMANDS):
            request.label = f"{COMMANDS}{{id}}"
        elif (route := self._registry.routes.find(request.path)) is not None:
            request.route, request.label = route, route.name

    async def respond(self, request: Request) -> Response:
        """Return the response, which still has headers that are for the web face alone. Raises Problems."""
        if request.path.startswith(COMMANDS):
            return respond_to_other_methods(request) or await self._commands.state(
                request.path.removeprefix(COMMANDS)
            )
        route = self._require_route(request)
        is_reading = request.method in READING
        if route.path.composition != "none" and is_reading and "authorization" in request.headers:
            return await self._composer.compose(route, request)
        response = await self._caller.call(route, request)
        if route.path.below:
            _add_prefix_to_location(response)
        if is_reading or request.is_inner:
            return response
        return await self._commands.respond(request, response)

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
