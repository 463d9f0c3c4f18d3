"""The verb by which a service that owns marks says what a reader has marked.

The web face requests the marks on the posts of a page, or a reader's latest marks (see `own_marks`).
"""

from flask import Blueprint, Response, g, request

from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARK_SCHEMA, MARKED, mark_id
from kit.domain.parameters import IDS_SCHEMA, read_ids
from kit.http.operations import Operation, operation
from kit.mongo.client import NAIVE, Document
from kit.mongo.skipped import without_invalid
from kit.service.render import reply

LATEST = 50
"""How many of a reader's latest marks there are in a response: more than a reader can make while copies are
late.
"""


def make_blueprint(marks: Marks, kind: str) -> Blueprint:
    """Make the verb. `kind` is the field that the service owns: tags, liked or hidden."""
    verbs = Blueprint(f"own_{kind}", __name__)
    collection = marks.collection.with_options(NAIVE)
    fields = dict.fromkeys(("post", "topic", "at", kind), True)

    @verbs.get(f"/own-marks/{kind}")
    @operation(_described(kind))
    def own_marks() -> Response:
        reader = g.reader.username
        if "posts" in request.args:
            query: Document = {"_id": {"$in": [mark_id(reader, post) for post in read_ids()]}}
            found = collection.find(query, fields)
        else:
            found = collection.find({"reader": reader}, fields).sort("at", -1).limit(LATEST)
        valid = without_invalid(found.to_list(), collection.name, MARK_SCHEMA.find_problem_in_part)
        shown = [{name: mark[name] for name in fields} for mark in valid if mark.keys() >= fields.keys()]
        return reply({"marks": shown})

    return verbs


def _described(kind: str) -> Operation:
    mark = {
        "type": "object",
        "required": ["post", "topic", "at", kind],
        "properties": {
            "post": {"type": "string"},
            "topic": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            kind: MARKED[kind],
        },
    }
    marks = {"type": "array", "items": mark}
    return Operation(
        f"The reader's marks on these posts; without posts the latest {LATEST}",
        {200: {"type": "object", "required": ["marks"], "properties": {"marks": marks}}},
        query={"posts": IDS_SCHEMA},
        reader=True,
    )
