"""The verb that lists a reader's tags, the one that was used last first."""

from datetime import datetime

from flask import Blueprint, Response, g
from pydantic import BaseModel
from pymongo.database import Database

from kit.domain.marks.collection import ANY_TAG
from kit.http.operations import Operation, operation
from kit.mongo.client import Document
from kit.service.render import reply


class RecentTag(BaseModel):
    """A tag, and when the reader last used it, None where that is not known."""

    tag: str
    at: datetime | None


class RecentTags(BaseModel):
    """A reader's tags."""

    tags: list[RecentTag]


LISTING = Operation("The reader's tags, the one that was used last first", {200: RecentTags}, reader=True)


def make_blueprint(database: Database[Document]) -> Blueprint:
    """Make the verb over the pond of marks."""
    verbs = Blueprint("recent_tags", __name__)

    @verbs.get("/recent-tags")
    @operation(LISTING)
    def recent_tags() -> Response:
        found = database["marks"].aggregate(
            [
                {"$match": {"reader": g.reader.username, "tags": ANY_TAG}},
                {"$unwind": "$tags"},
                {"$group": {"_id": "$tags", "at": {"$max": "$at"}}},
                {"$sort": {"at": -1, "_id": 1}},
            ]
        )
        return reply({"tags": [{"tag": each["_id"], "at": each["at"]} for each in found]})

    return verbs
