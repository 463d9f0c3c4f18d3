"""The verb that counts what a reader has done, as far as one service knows."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, g
from pydantic import BaseModel

from kit.http.operations import Operation, operation
from kit.service.render import reply


class Counts(BaseModel):
    """What a reader has done, in numbers: tags, likes, hidden, shares."""

    counts: dict[str, int]


COUNTING = Operation("How much the reader has done here", {200: Counts}, reader=True)


def make_blueprint(counts: Callable[[str], Mapping[str, int]]) -> Blueprint:
    """Make the verb. `counts` returns a reader's numbers."""
    verbs = Blueprint("counts", __name__)

    @verbs.get("/counts")
    @operation(COUNTING)
    def count() -> Response:
        return reply({"counts": counts(g.reader.username)})

    return verbs
