"""The verbs that sign a member in and out, and publish the keys by which tokens are verified."""

from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, g, request
from pydantic import BaseModel
from pymongo.collection import Collection

from kit.domain.members.documents import SignIn
from kit.domain.members.passwords import matches
from kit.domain.members.revocations import Revocations
from kit.http.bodies import read_body
from kit.http.operations import HEALTH, Operation, operation
from kit.http.problems import WrongCredentials
from kit.mongo.client import Document
from kit.mongo.rate_limits import RateLimit
from kit.service.render import reply
from kit.tokens import JWKS, Issuer


class Token(BaseModel):
    """A bearer token and when it expires."""

    token: str
    expires: datetime


MAKING = Operation("Sign in: a token that lives an hour", {201: Token, 401: None, 429: None}, body=SignIn)
CHECKING = Operation("Whether the token this request carries is good", {204: None}, reader=True)
ENDING = Operation("Sign out: end the token this request carries", {204: None}, reader=True)
KEYS = Operation("The public keys of tokens (RFC 7517)", {200: {"type": "object"}}, tag=HEALTH)


def sign_in(
    members: Collection[Document], issuer: Issuer, failed_sign_ins: RateLimit, status: HTTPStatus
) -> Response:
    """Check the password in the request's body, and return a response with a token.

    Raises what `read_body` does, WrongCredentials, and TooManyRequests after too many failures from an
    address.
    """
    wanted = read_body(SignIn)
    address = request.remote_addr or "unknown"
    failed_sign_ins.check(address)
    member = members.find_one({"_id": wanted.username}) or {}
    if not matches(member.get("password"), wanted.password):
        failed_sign_ins.count(address)
        raise WrongCredentials("Username and password do not belong together.")
    issued = issuer.issue(wanted.username)
    response = reply({"token": issued.token, "expires": issued.expires}, status)
    response.cache_control.no_store = True
    return response


def make_blueprint(
    members: Collection[Document],
    issuer: Issuer,
    revocations: Revocations,
    failed_sign_ins: RateLimit,
) -> Blueprint:
    """Make the verbs. Failed sign-ins are counted for each address that they come from."""
    verbs = Blueprint("tokens", __name__)

    @verbs.post("/tokens")
    @operation(MAKING)
    def make_token() -> Response:
        return sign_in(members, issuer, failed_sign_ins, HTTPStatus.CREATED)

    @verbs.get("/tokens/current")
    @operation(CHECKING)
    def check_token() -> Response:
        return reply(None, 204)

    @verbs.delete("/tokens/current")
    @operation(ENDING)
    def end_token() -> Response:
        revocations.revoke(g.reader.token_id, g.reader.expires)
        return reply(None, 204)

    @verbs.get(JWKS)
    @operation(KEYS)
    def keys() -> Response:
        return reply(issuer.jwks())

    return verbs
