"""Who answers a request: the API's services, the commands, the gateway itself, or the web face."""

from kit.http.problems import NotFound
from step3_async.gateway.api import PREFIX, Api, is_api
from step3_async.gateway.calling import Caller
from step3_async.gateway.forwarding import CONDITIONS, passed_on
from step3_async.gateway.messages import READING, Answer, Asked
from step3_async.gateway.own import Own
from step3_async.gateway.problems import READABLE, WrongMethod, options
from step3_async.gateway.routes import page_of, route_of
from step3_async.gateway.sending import Call
from step3_async.gateway.waiting import PATH as COMMANDS
from step3_async.gateway.waiting import Waiting

WEB = "web"


class Answers:
    """Answers requests whose bodies have been read."""

    def __init__(self, caller: Caller, own: Own, waiting: Waiting) -> None:
        self._caller, self._own, self._waiting = caller, own, waiting
        self._api = Api(caller)

    def is_own(self, path: str) -> bool:
        """Whether the gateway answers this path itself, at once."""
        return self._own.has(path) or self._own.has(path.removeprefix(PREFIX))

    def of_own(self, asked: Asked) -> Answer:
        """The gateway's answer about itself. Raises NotFound, and WrongMethod."""
        asked.path = asked.path.removeprefix(PREFIX)
        if not self._own.has(asked.path):
            raise NotFound("There is nothing at this address.")
        return self._own.answer(asked)

    async def of(self, asked: Asked, for_all: bool) -> Answer:
        """The answer, with all headers that are for our own only where one of them asks. One that is the same
        `for_all` whatever the client has of it already. Raises Problems.
        """
        if asked.path.startswith(COMMANDS):
            if asked.method == "OPTIONS":
                return options(READABLE)
            if asked.method not in READING:
                raise WrongMethod(READABLE)
            return await self._waiting.tell(asked.path.removeprefix(COMMANDS))
        if is_api(asked.path):
            answer = await self._api.answer(asked, for_all)
        else:
            answer = await self._caller.call(_page(asked, for_all), asked)
        if asked.method in READING or asked.inner:
            return answer
        return await self._waiting.finish(asked, answer)


def route_name(path: str) -> str:
    """What metrics call a path that the gateway does not answer itself: one of few names."""
    if is_api(path):
        route = route_of(path.removeprefix(PREFIX))
        return f"{PREFIX}{route.name}" if route else f"{PREFIX} none"
    return f"{COMMANDS}{{id}}" if path.startswith(COMMANDS) else f"{WEB} {page_of(path)}"


def _page(asked: Asked, for_all: bool) -> Call:
    target = f"{asked.path}?{asked.query}" if asked.query else asked.path
    headers = passed_on(asked, CONDITIONS if for_all else frozenset())
    return Call(WEB, asked.method, target, headers, asked.body, compartment=page_of(asked.path))
