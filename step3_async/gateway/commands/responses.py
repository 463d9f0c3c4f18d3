"""When a command gets its response: once all views show it, or as the client prefers (RFC 7240)."""

import time

import orjson
from starlette.responses import Response

from step3_async.gateway import metrics
from step3_async.gateway.commands.command import CommandIds, Preference, commands_of, preference_of
from step3_async.gateway.commands.read_your_writes import AppliedChanges, State, overall
from step3_async.gateway.ingress.request import Request, joined
from step3_async.gateway.ingress.responses import COMMANDS, json_response

MARGIN = 0.2
"""Seconds that are left for the response itself."""


class CommandResponses:
    """Waits `seconds` at most for clients that prefer nothing."""

    def __init__(self, changes: AppliedChanges, ids: CommandIds, seconds: float) -> None:
        self._changes, self._ids, self._seconds = changes, ids, seconds

    async def respond(self, request: Request, response: Response) -> Response:
        """Return the response of an aggregate once its commands are applied; else one that says where to ask
        for their state.
        """
        commands = commands_of(response)
        if not commands:
            return response
        preference = preference_of(joined(request.headers, "prefer"))
        started = time.monotonic()
        end = started + self._patience(preference, request)
        state = overall([await self._changes.wait(each, end - time.monotonic()) for each in commands])
        if state == "done":
            metrics.SETTLING.observe(time.monotonic() - started)
        metrics.COMMANDS.labels(state).inc()
        at_once = preference.is_async and preference.wait is None
        if (state != "done" or at_once) and _is_json(response):
            response = _accepted(response, self._ids.id_of(commands), state)
        elif state != "done" or at_once:
            return response
        if preference.applied:
            response.headers["Preference-Applied"] = preference.applied
        return response

    async def state(self, command_id: str) -> Response:
        """Return the state of a command, by service. Raises NotFound for an id that is none of ours."""
        services: dict[str, State] = {}
        for command in self._ids.commands_of(command_id):
            for service, state in (await self._changes.states(command)).items():
                services[service] = overall([state, services.get(service, "done")])
        content = {"command": command_id, "state": overall(services.values()), "services": services}
        return json_response(content, headers={"Cache-Control": "no-store"})

    def _patience(self, preference: Preference, request: Request) -> float:
        if preference.wait is not None:
            seconds = float(preference.wait)
        else:
            seconds = 0.0 if preference.is_async else self._seconds
        return min(seconds, request.seconds_left - MARGIN)


def _accepted(response: Response, command_id: str, state: State) -> Response:
    """Return 202 with the location of the command, the response that it would have had, and its headers."""
    content = {
        "command": command_id,
        "state": state,
        "answer": orjson.loads(response.body) if response.body else None,
    }
    accepted = json_response(content, 202, {"Location": f"{COMMANDS}{command_id}"})
    names = {name for name, _ in accepted.raw_headers}
    accepted.raw_headers += [each for each in response.raw_headers if each[0] not in names]
    return accepted


def _is_json(response: Response) -> bool:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code < 300 and (is_json or not response.body)
