"""When the answer to a command is given: once it is settled, or as the client would rather have it."""

import time

import orjson

from step3_async.gateway import metrics
from step3_async.gateway.command_ids import CommandIds, commands_of
from step3_async.gateway.doubts import DONE, FAILED, PENDING, Doubts, State
from step3_async.gateway.messages import COMMAND, DEPENDS_ON, Answer, Asked
from step3_async.gateway.preferences import Preference, preference_of
from step3_async.gateway.problems import as_json
from step3_async.gateway.registry import Registry
from step3_async.gateway.settling import Settling

PATH = "/commands/"
MARGIN = 0.2
"""Seconds that are left for the answer itself."""


class Waiting:
    """Waits `seconds` at most where clients say nothing."""

    def __init__(
        self, settling: Settling, doubts: Doubts, registry: Registry, ids: CommandIds, seconds: float
    ) -> None:
        self._settling, self._doubts, self._registry = settling, doubts, registry
        self._ids, self._seconds = ids, seconds

    async def finish(self, asked: Asked, answer: Answer) -> Answer:
        """The answer to give to `asked` in the place of an aggregate's: the same once it is settled; else one
        that says where to ask for the state of the command.
        """
        commands = commands_of(answer)
        answer.headers = answer.without(COMMAND, DEPENDS_ON)
        if not commands:
            return answer
        preference = preference_of(
            value.decode("latin-1") for name, value in asked.headers if name == b"prefer"
        )
        started = time.monotonic()
        state: State = DONE
        for command in commands:
            left = self._patience(preference, asked) - (time.monotonic() - started)
            reached = await self._settling.wait(command, left)
            state = FAILED if FAILED in (state, reached) else PENDING if PENDING in (state, reached) else DONE
        if state == DONE:
            metrics.SETTLING.observe(time.monotonic() - started)
        metrics.COMMANDS.labels(state).inc()
        may_be_later = preference.is_async and preference.wait is None
        if state == DONE and not may_be_later:
            return _applied(answer, preference)
        if not _is_json(answer):
            return answer
        return _applied(self._later(answer, self._ids.id_of(commands), state), preference)

    async def tell(self, command_id: str) -> Answer:
        """The state of a command, by service. Raises NotFound for an id that is none of ours."""
        services: dict[str, State] = {}
        for command in self._ids.commands_of(command_id):
            takers = self._registry.takers(command.domain)
            for service, state in (await self._doubts.states(takers, command)).items():
                services[service] = state if services.get(service, DONE) == DONE else services[service]
        told = {"command": command_id, "state": _overall(services), "services": services}
        answer = as_json(told)
        answer.headers = [*answer.headers, (b"cache-control", b"no-store")]
        return answer

    def _patience(self, preference: Preference, asked: Asked) -> float:
        seconds = float(preference.wait) if preference.wait is not None else self._seconds
        if preference.is_async and preference.wait is None:
            seconds = 0.0
        return min(seconds, asked.deadline.left() - MARGIN)

    def _later(self, answer: Answer, command_id: str, state: State) -> Answer:
        told = {
            "command": command_id,
            "state": state,
            "answer": orjson.loads(answer.body) if answer.body else None,
        }
        made = as_json(told, 202)
        kept = answer.without(b"content-type", b"content-length", *(name for name, _ in made.headers))
        made.headers = [*made.headers, *kept, (b"location", f"{PATH}{command_id}".encode())]
        return made


def _overall(services: dict[str, State]) -> State:
    states = set(services.values())
    return FAILED if FAILED in states else PENDING if PENDING in states else DONE


def _is_json(answer: Answer) -> bool:
    is_json = (answer.first(b"content-type") or b"").startswith(b"application/json")
    return answer.status < 300 and (is_json or not answer.body)


def _applied(answer: Answer, preference: Preference) -> Answer:
    if told := preference.applied():
        answer.headers.append((b"preference-applied", told.encode()))
    return answer
