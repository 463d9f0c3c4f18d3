"""Commands: which changes a response names, the ids that clients get for them, and what clients prefer."""

from dataclasses import astuple, dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.responses import Response
from werkzeug.http import parse_list_header

from kit.http.problems import NotFound
from step3_async.gateway.ingress.responses import values_of
from step3_async.rapids.headers import COMMAND

LONGEST_WAIT = 4
"""Digits of a wait that makes sense."""


@dataclass(frozen=True)
class Command:
    """A change by a request: the document `key` of a domain has that revision since then."""

    domain: str
    revision: int
    key: str


def commands_of(response: Response) -> list[Command]:
    """Return the commands that a response names."""
    found = []
    for each in values_of(response, COMMAND):
        domain, _, rest = each.partition(":")
        revision, _, key = rest.partition(":")
        if key and revision.isdigit():
            found.append(Command(domain, int(revision), key))
    return found


class CommandIds:
    """Makes and reads ids. They are signed, so that nobody can ask for what was no command."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="command")

    def id_of(self, commands: list[Command]) -> str:
        """Return the id of the commands of one request."""
        return str(self._signer.dumps([astuple(each) for each in commands]))

    def commands_of(self, command_id: str) -> list[Command]:
        """Return the commands of an id. Raises NotFound for one that no gateway of ours has given."""
        try:
            return [Command(*each) for each in self._signer.loads(command_id)]
        except BadSignature:
            raise NotFound("There is no such command.") from None


@dataclass(frozen=True)
class Preference:
    """What a header Prefer asks for (RFC 7240): a response at once, or after `wait` seconds at most."""

    is_async: bool = False
    wait: int | None = None

    @property
    def applied(self) -> str:
        """The header that says what was regarded; empty for nothing."""
        parts = ["respond-async"] if self.is_async else []
        return ", ".join(parts if self.wait is None else [*parts, f"wait={self.wait}"])


def preference_of(header: str) -> Preference:
    """Return what a header Prefer asks for. What is malformed is ignored; of two the first counts."""
    given: dict[str, str] = {}
    for each in parse_list_header(header):
        name, _, value = each.partition(";")[0].partition("=")
        given.setdefault(name.strip().lower(), value.strip().strip('"'))
    wait = given.get("wait", "")
    is_sound = wait.isascii() and wait.isdigit() and len(wait) <= LONGEST_WAIT
    return Preference("respond-async" in given, int(wait) if is_sound else None)
