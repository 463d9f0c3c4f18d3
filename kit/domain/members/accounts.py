"""The verbs that sign readers up, in and out as the face does, for clients that send JSON."""

from http import HTTPStatus

from eve.methods.post import post_internal
from flask import Blueprint, Response, g, request
from pydantic import BaseModel
from pymongo.collection import Collection
from werkzeug.exceptions import Conflict

from kit.domain.members.documents import SignIn, SignOut, SignUp
from kit.domain.members.revocations import Revocations
from kit.domain.members.tokens import Token, sign_in
from kit.http.bodies import read_body
from kit.http.operations import Operation, operation
from kit.http.problems import NameTaken
from kit.mongo.client import Document
from kit.mongo.rate_limits import RateLimit
from kit.service.render import reply
from kit.tokens import Issuer


class Member(BaseModel):
    """The name of a new member."""

    username: str


SIGNING_UP = Operation("Sign up", {201: Member, 409: None}, body=SignUp)
SIGNING_IN = Operation("Sign in: a token that lives an hour", {200: Token, 401: None, 429: None}, body=SignIn)
SIGNING_OUT = Operation("Sign out: end the token this request carries", {204: None}, reader=True)


def make_blueprint(
    members: Collection[Document], issuer: Issuer, revocations: Revocations, failed_sign_ins: RateLimit
) -> Blueprint:
    """Make the verbs, beside Eve's resource of members. Failed sign-ins are counted as in `tokens`."""
    verbs = Blueprint("accounts", __name__)

    @verbs.post("/signup")
    @operation(SIGNING_UP)
    def sign_up() -> Response:
        wanted = read_body(SignUp)
        member = {"_id": wanted.username, "password": wanted.password, "email": wanted.email}
        try:
            post_internal("members", member)
        except Conflict:
            raise NameTaken(wanted.username) from None
        return reply({"username": wanted.username}, 201)

    @verbs.post("/login")
    @operation(SIGNING_IN)
    def log_in() -> Response:
        return sign_in(members, issuer, failed_sign_ins, HTTPStatus.OK)

    @verbs.post("/logout")
    @operation(SIGNING_OUT)
    def log_out() -> Response:
        if request.get_data(cache=True):
            read_body(SignOut)
        revocations.revoke(g.reader.token_id, g.reader.expires)
        return reply(None, 204)

    return verbs
