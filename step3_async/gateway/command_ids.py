"""Commands, as answers name them, and the ids that clients know them by."""

from dataclasses import astuple, dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from kit.http.problems import NotFound
from step3_async.gateway.messages import COMMAND, Answer

PARTS = 3


@dataclass(frozen=True)
class Command:
    """A change that a request has made: the document `key` of a domain has that revision by it."""

    domain: str
    revision: int
    key: str


def commands_of(answer: Answer) -> list[Command]:
    """The commands that an answer tells of."""
    found = []
    for each in answer.all(COMMAND):
        parts = each.split(":", PARTS - 1)
        if len(parts) == PARTS and parts[1].isdigit():
            found.append(Command(parts[0], int(parts[1]), parts[2]))
    return found


class CommandIds:
    """Makes and reads ids, signed so that only what was a command is ever asked for."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="command")

    def id_of(self, commands: list[Command]) -> str:
        """The id of the commands that one request has made."""
        return str(self._signer.dumps([astuple(each) for each in commands]))

    def commands_of(self, command_id: str) -> list[Command]:
        """The commands of an id. Raises NotFound for one that no gateway of ours has given."""
        try:
            return [Command(*each) for each in self._signer.loads(command_id)]
        except BadSignature:
            raise NotFound("There is no such command.") from None
