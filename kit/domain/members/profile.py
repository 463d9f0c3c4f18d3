"""The reader's own page."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, g
from pymongo.collection import Collection

from kit.domain.answers import Profile
from kit.domain.posts.documents import iso
from kit.http.operations import Operation, operation
from kit.http.problems import NotFound
from kit.mongo.client import Document
from kit.mongo.document_schema import MEMBER_SCHEMA
from kit.mongo.skipped import without_invalid
from kit.service.render import reply

SHOWING = Operation("The reader's own page", {200: Profile, 404: None}, reader=True)


def make_blueprint(members: Collection[Document], counts: Callable[[str], Mapping[str, int]]) -> Blueprint:
    """The verb; `counts` tells how much a member has done, as far as that is known here."""
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
        told = {"username": reader, "email": member.get("email"), "created": iso(member["created"])}
        return reply({**told, "counts": counts(reader)})

    return verbs
