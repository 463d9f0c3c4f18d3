"""The verb that shows a reader their own profile."""

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, Response, g
from pymongo.collection import Collection

from kit.domain.members.counts import Counts
from kit.domain.members.documents import MEMBER_SCHEMA
from kit.domain.posts.documents import iso
from kit.http.operations import Operation, operation
from kit.http.problems import NotFound
from kit.mongo.client import Document
from kit.mongo.skipped import without_invalid
from kit.service.render import reply


class Profile(Counts):
    """A member as they see themselves."""

    username: str
    email: str | None
    created: datetime


SHOWING = Operation("The reader's own page", {200: Profile, 404: None}, reader=True)


def make_blueprint(members: Collection[Document], counts: Callable[[str], Mapping[str, int]]) -> Blueprint:
    """Make the verb. `counts` returns what a member has done, as far as that is known here."""
    verbs = Blueprint("profile", __name__)

    @verbs.get("/me")
    @operation(SHOWING)
    def show_profile() -> Response:
        reader = g.reader.username
        found = members.find_one({"_id": reader})
        member = next(
            iter(without_invalid([found] if found else [], members.name, MEMBER_SCHEMA.find_problem)), None
        )
        if member is None:
            raise NotFound("This member has left.")
        profile = {"username": reader, "email": member.get("email"), "created": iso(member["created"])}
        return reply({**profile, "counts": counts(reader)})

    return verbs
