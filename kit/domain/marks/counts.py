"""How much a reader has done, as far as one service knows."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, g

from kit.domain.answers import Counts
from kit.http.operations import Operation, operation
from kit.service.render import reply

COUNTING = Operation("How much the reader has done here", {200: Counts}, reader=True)


def make_blueprint(counts: Callable[[str], Mapping[str, int]]) -> Blueprint:
    """The verb; `counts` tells it of a reader."""
    verbs = Blueprint("counts", __name__)

    @verbs.get("/counts")
    @operation(COUNTING)
    def count() -> Response:
        return reply({"counts": counts(g.reader.username)})

    return verbs
