"""The verbs by which sync fetches changes from owners, and delivers them to takers."""

from collections.abc import Mapping
from typing import TypeVar

from flask import Blueprint, Response, make_response, request
from pydantic import BaseModel, ValidationError

from kit.http.operations import Operation, operation
from kit.http.problems import NotFound, Refused
from kit.service.render import reply
from step2_services.replication.batch import LARGEST_BATCH, Batch, Delivery, dumps
from step2_services.replication.copies import Copy
from step2_services.replication.feed import MOST, Feed

Kind = TypeVar("Kind")

CURSOR = {"type": "string", "minLength": 1, "maxLength": 500}
MOST_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST}


class Position(BaseModel):
    """The cursor of copies; null if they are to begin."""

    cursor: str | None


READING = Operation(
    "What changed after a cursor, in order; without one, all there is",
    {200: Batch, 404: None, 410: None},
    query={"after": CURSOR, "most": MOST_SCHEMA},
    service=True,
    tag="changes",
)
POSITION = Operation("How far copies reach", {200: Position, 404: None}, service=True, tag="changes")
APPLYING = Operation(
    "Take changes over", {204: None, 404: None, 412: None, 422: None}, service=True, tag="changes",
    body=Delivery, largest_body=LARGEST_BATCH,
)  # fmt: skip
FORGETTING = Operation("Have copies begin again", {204: None, 404: None}, service=True, tag="changes")


def feeds_blueprint(feeds: Mapping[str, Feed]) -> Blueprint:
    """Make the verb of an owner."""
    verbs = Blueprint("changes", __name__)

    @verbs.get("/changes/<name>")
    @operation(READING)
    def changes(name: str) -> Response:
        feed = _named(feeds, name)
        batch = feed.after(request.args.get("after"), _most())
        response = make_response(dumps(dict(batch)))
        response.mimetype = "application/json"
        return response

    return verbs


def copies_blueprint(copies: Mapping[str, Copy]) -> Blueprint:
    """Make the verbs of a service that keeps copies."""
    verbs = Blueprint("copies", __name__)

    @verbs.get("/copies/<name>")
    @operation(POSITION)
    def position(name: str) -> Response:
        return reply({"cursor": _named(copies, name).cursor(name)})

    @verbs.put("/copies/<name>")
    @operation(APPLYING)
    def deliver(name: str) -> Response:
        copy = _named(copies, name)
        try:
            delivery = Delivery.model_validate_json(request.get_data(cache=False))
        except ValidationError as error:
            first = error.errors()[0]
            raise Refused(
                f"This is no delivery: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            ) from None
        copy.apply(name, delivery)
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
    text = request.args.get("most", str(MOST))
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not 1 <= number <= MOST:
        raise Refused(f"most must be a whole number from 1 to {MOST}.")
    return number
