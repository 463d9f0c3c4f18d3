"""The verbs by which changes are fetched from owners and handed to takers."""

from collections.abc import Mapping
from typing import TypeVar

from flask import Blueprint, Response, make_response, request
from pydantic import BaseModel, ValidationError

from kit.changes.batch import LARGEST_BATCH, Batch, Delivery, dumps
from kit.changes.copies import Copy
from kit.changes.feed import MOST, Feed
from kit.http.operations import Operation, operation
from kit.http.problems import NotFound, Refused
from kit.service.render import reply

Kind = TypeVar("Kind")

CURSOR = {"type": "string", "minLength": 1, "maxLength": 500}
MOST_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST}


class Position(BaseModel):
    """How far copies reach; null if they are to begin."""

    cursor: str | None


TELLING = Operation(
    "What changed after a cursor, in order; without one, all there is",
    {200: Batch, 404: None, 410: None},
    query={"after": CURSOR, "most": MOST_SCHEMA},
    service=True,
    tag="changes",
)
ASKING = Operation("How far copies reach", {200: Position, 404: None}, service=True, tag="changes")
TAKING = Operation(
    "Take changes over", {204: None, 404: None, 412: None, 422: None}, service=True, tag="changes",
    body=Delivery, largest_body=LARGEST_BATCH,
)  # fmt: skip
FORGETTING = Operation("Have copies begin again", {204: None, 404: None}, service=True, tag="changes")


def owner_blueprint(feeds: Mapping[str, Feed]) -> Blueprint:
    """The verb of an owner."""
    verbs = Blueprint("changes", __name__)

    @verbs.get("/changes/<name>")
    @operation(TELLING)
    def changes(name: str) -> Response:
        feed = _named(feeds, name)
        batch = feed.after(request.args.get("after"), _most())
        response = make_response(dumps(dict(batch)))
        response.mimetype = "application/json"
        return response

    return verbs


def taker_blueprint(copies: Mapping[str, Copy]) -> Blueprint:
    """The verbs of a taker."""
    verbs = Blueprint("copies", __name__)

    @verbs.get("/copies/<name>")
    @operation(ASKING)
    def position(name: str) -> Response:
        return reply({"cursor": _named(copies, name).cursor(name)})

    @verbs.put("/copies/<name>")
    @operation(TAKING)
    def take(name: str) -> Response:
        copy = _named(copies, name)
        try:
            delivery = Delivery.model_validate_json(request.get_data(cache=False))
        except ValidationError as error:
            first = error.errors()[0]
            raise Refused(
                f"This is no delivery: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            ) from None
        copy.take(name, delivery)
        return reply(None, 204)

    @verbs.delete("/copies/<name>")
    @operation(FORGETTING)
    def forget(name: str) -> Response:
        _named(copies, name).forget(name)
        return reply(None, 204)

    return verbs


def _named(known: Mapping[str, Kind], name: str) -> Kind:
    if name not in known:
        raise NotFound(f"There is no {name} here; there is: {', '.join(sorted(known))}.")
    return known[name]


def _most() -> int:
    told = request.args.get("most", str(MOST))
    number = int(told) if told.isascii() and told.isdecimal() and len(told) < 6 else 0
    if not 1 <= number <= MOST:
        raise Refused(f"most must be a whole number from 1 to {MOST}.")
    return number
