"""The API: each path is answered by the service it belongs to, or composed."""

from kit.http.problems import NotFound
from step3_async.gateway.calling import Caller
from step3_async.gateway.compose import Composer
from step3_async.gateway.forwarding import CONDITIONS, passed_on
from step3_async.gateway.messages import READING, Answer, Asked
from step3_async.gateway.routes import Route, route_of
from step3_async.gateway.sending import Call

PREFIX = "/api"


def is_api(path: str) -> bool:
    """Whether a path belongs to the API."""
    return path.startswith(f"{PREFIX}/") or path == PREFIX


class Api:
    """The services as one API, below PREFIX."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._composer = Composer(caller)

    async def answer(self, asked: Asked, for_all: bool) -> Answer:
        """The answer; one that is the same `for_all` whatever the client has of it already. Raises NotFound,
        and as Caller.call does.
        """
        path = asked.path[len(PREFIX) :]
        route = route_of(path)
        if route is None:
            raise NotFound("There is nothing at this address.")
        query = f"?{asked.query}" if asked.query else ""
        headers = passed_on(asked, CONDITIONS if for_all else frozenset())
        call = Call(route.service, asked.method, path + query, headers, asked.body)
        if asked.method not in READING or b"authorization" not in asked.named or route.reading == "as it is":
            answer = await self._caller.call(call, asked)
            answer.headers = [(name, _below_prefix(name, value)) for name, value in answer.headers]
            return answer
        return await self._composed(route, call, path, asked)

    async def _composed(self, route: Route, call: Call, path: str, asked: Asked) -> Answer:
        call.method = "GET"  # the body is needed here, if not by the client
        if route.reading == "marked":
            return await self._composer.marked_page(call, asked)
        if route.reading == "marked one":
            return await self._composer.marked_post(call, path.rpartition("/")[2], asked)
        return await self._composer.profile(call, asked)


def _below_prefix(name: bytes, value: bytes) -> bytes:
    """A header's value, where clients find what a service has told the address of."""
    return PREFIX.encode() + value if name == b"location" and value.startswith(b"/") else value
