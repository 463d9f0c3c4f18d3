"""How often each post was liked, also by readers who do not like it any more."""

from collections.abc import Sequence

from flask import Blueprint, Response
from pydantic import BaseModel
from pymongo import InsertOne
from pymongo.database import Database

from kit.domain.parameters import IDS_SCHEMA, read_ids
from kit.http.operations import Operation, operation
from kit.mongo.client import Document, translated
from kit.service.render import reply
from step3_async.contracts.envelope import Event
from step3_async.rapids.pond import Pond
from step3_async.rapids.pond.bulk_writes import write

LIKES = "liked_ever"
"""The collection with one document for each event that is counted: its id is the event's."""


class LikedEver(BaseModel):
    """How often each post was liked, by its id; those that nobody ever liked are left out."""

    times: dict[str, int]


COUNTING = Operation(
    "How often each of these posts was liked",
    {200: LikedEver},
    {"posts": IDS_SCHEMA},
    required=frozenset({"posts"}),
)


class CountingPond(Pond):
    """The pond of likes, which also counts how often each post was liked."""

    @translated
    def apply(self, events: Sequence[Event]) -> list[tuple[str, int]]:
        """Apply events as a pond does, and count those by which a reader began to like a post."""
        applied = super().apply(events)
        # MongoDB refuses a second document with the same id, so an event that comes again changes nothing.
        liked = [
            InsertOne({"_id": event.event_id, "post": event.payload["post"]})
            for event in events
            if _begins_to_like(event)
        ]
        write(self.collection.database[LIKES], liked)
        return applied


def counting(pond: Pond) -> Pond:
    """Let the pond of likes count. Other ponds stay as they are."""
    if pond.domain != "like":
        return pond
    return CountingPond(pond.collection, pond.domain, pond.fields, pond.times, pond.own)


def queries(database: Database[Document]) -> Blueprint:
    """Make the verb that says how often posts were liked."""
    verbs = Blueprint("liked_ever", __name__)

    @verbs.get("/liked-ever")
    @operation(COUNTING)
    def liked_ever() -> Response:
        of_posts = {"$match": {"post": {"$in": read_ids()}}}
        found = database[LIKES].aggregate([of_posts, {"$group": {"_id": "$post", "times": {"$sum": 1}}}])
        return reply({"times": {each["_id"]: each["times"] for each in found}})

    return verbs


def _begins_to_like(event: Event) -> bool:
    """Return whether a reader likes a post that they did not like before: a second like changes nothing."""
    return event.event_name == "liked" and not (event.before or {}).get("liked")
