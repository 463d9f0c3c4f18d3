"""Respond to commands once all views show the change, or earlier if the client prefers that (RFC 7240)."""

import time
from dataclasses import astuple, dataclass

import orjson
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.responses import Response
from werkzeug.http import parse_list_header

from kit.http.problems import NotFound
from step3_async.client.request import joined
from step3_async.client.response import values_of
from step3_async.gateway import metrics
from step3_async.gateway.commands.read_your_writes import AppliedChanges, Command, CommandState, overall
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.ingress.responses import COMMANDS, json_response
from step3_async.rapids.headers import COMMAND

MARGIN = 0.2
"""Seconds of a request's time that are kept for the response itself."""

LONGEST_WAIT = 4
"""The most digits of a `wait` that makes sense."""


@dataclass(frozen=True)
class Preference:
    """A client's header Prefer: it wants a response at once (`is_async`), or after `wait` seconds at most."""

    is_async: bool = False
    wait: int | None = None

    @property
    def applied(self) -> str:
        """The value of the header Preference-Applied; empty if there was no preference."""
        parts = ["respond-async"] if self.is_async else []
        return ", ".join(parts if self.wait is None else [*parts, f"wait={self.wait}"])


class Commands:
    """Waits until commands are applied, `seconds` at most for clients without a preference.

    The ids of commands are signed with `secret`, so that nobody can invent one.
    """

    def __init__(self, changes: AppliedChanges, secret: str, seconds: float) -> None:
        self._changes, self._seconds = changes, seconds
        self._ids = URLSafeSerializer(secret, salt="command")

    async def respond(self, request: Request, response: Response) -> Response:
        """Wait until the commands that an aggregate's response names are applied, and return that response.

        If that takes too long, return 202 with the address of their state.
        """
        commands = commands_of(response)
        if not commands:
            return response
        preference = preference_of(joined(request.headers, "prefer"))
        started = time.monotonic()
        end = started + min(self._patience(preference), request.seconds_left - MARGIN)
        state = overall([await self._changes.wait(each, end - time.monotonic()) for each in commands])
        if state == "done":
            metrics.COMMAND_SECONDS.observe(time.monotonic() - started)
        metrics.COMMANDS.labels(state).inc()
        if state != "done" or (preference.is_async and preference.wait is None):
            if not _is_json(response):
                return response
            response = self._accepted(response, commands, state)
        if preference.applied:
            response.headers["Preference-Applied"] = preference.applied
        return response

    async def state(self, command_id: str) -> Response:
        """Return the state of a command, by service. Raises NotFound for an id that we have not signed."""
        try:
            commands = [Command(*each) for each in self._ids.loads(command_id)]
        except BadSignature:
            raise NotFound("There is no such command.") from None
        services: dict[str, CommandState] = {}
        for command in commands:
            for service, state in (await self._changes.states(command)).items():
                services[service] = overall([state, services.get(service, "done")])
        content = {"command": command_id, "state": overall(services.values()), "services": services}
        return json_response(content, headers={"Cache-Control": "no-store"})

    def _patience(self, preference: Preference) -> float:
        if preference.wait is not None:
            return preference.wait
        return 0.0 if preference.is_async else self._seconds

    def _accepted(self, response: Response, commands: list[Command], state: CommandState) -> Response:
        """Return 202 with the location of the commands, and with the body and headers of `response`."""
        command_id = str(self._ids.dumps([astuple(each) for each in commands]))
        body = orjson.loads(response.body) if response.body else None
        content = {"command": command_id, "state": state, "answer": body}
        accepted = json_response(content, 202, {"Location": f"{COMMANDS}{command_id}"})
        names = {name for name, _ in accepted.raw_headers}
        accepted.raw_headers += [each for each in response.raw_headers if each[0] not in names]
        return accepted


def commands_of(response: Response) -> list[Command]:
    """Return the commands that an aggregate's response names in its headers."""
    found = []
    for each in values_of(response, COMMAND):
        domain, revision, key = (*each.split(":", 2), "", "")[:3]
        if key and revision.isdigit():
            found.append(Command(domain, int(revision), key))
    return found


def preference_of(header: str) -> Preference:
    """Parse a header Prefer. Malformed parts are ignored; of two equal names the first counts."""
    given: dict[str, str] = {}
    for each in parse_list_header(header):
        name, _, value = each.partition(";")[0].partition("=")
        given.setdefault(name.strip().lower(), value.strip().strip('"'))
    wait = given.get("wait", "")
    is_sound = wait.isascii() and wait.isdigit() and len(wait) <= LONGEST_WAIT
    return Preference("respond-async" in given, int(wait) if is_sound else None)


def _is_json(response: Response) -> bool:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code < 300 and (is_json or not response.body)
