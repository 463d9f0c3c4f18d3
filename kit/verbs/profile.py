"""The reader's own page."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, g
from pymongo.collection import Collection

from kit.left_out import only_fit
from kit.model.fit import A_MEMBER
from kit.model.post import iso
from kit.mongo import Document
from kit.operations import Operation, operation
from kit.problems import NotFound
from kit.service.render import reply
from kit.verbs.answers import Profile

SHOWING = Operation("The reader's own page", {200: Profile, 404: None}, reader=True)


def make_blueprint(members: Collection[Document], counts: Callable[[str], Mapping[str, int]]) -> Blueprint:
    """The verb; `counts` tells how much a member has done, as far as that is known here."""
    verbs = Blueprint("profile", __name__)

    @verbs.get("/me")
    @operation(SHOWING)
    def show_profile() -> Response:
        reader = g.reader.username
        found = members.find_one({"_id": reader})
        member = next(iter(only_fit([found] if found else [], members.name, A_MEMBER.unfit)), None)
        if member is None:
            raise NotFound("This member has left.")
        told = {"username": reader, "email": member.get("email"), "created": iso(member["created"])}
        return reply({**told, "counts": counts(reader)})

    return verbs
