"""Signing in and out, the keys that tokens can be verified with, and the reader's own page."""

from flask import Blueprint, Response, g

from kit.bodies import read_body
from kit.forwarded import client_address
from kit.model.inputs import SignIn
from kit.model.passwords import fits
from kit.model.post import iso
from kit.operations import HEALTH, Operation, operation
from kit.problems import NotFound, WrongCredentials
from kit.service.render import reply
from step1_rest import settings
from step1_rest.api.answers import Profile, Token
from step1_rest.api.parts import Parts

MAKING = Operation("Sign in: a token that lives an hour", {201: Token, 401: None, 429: None}, body=SignIn)
ENDING = Operation("Sign out: end the token this request carries", {204: None}, reader=True)
KEYS = Operation("The public keys of tokens (RFC 7517)", {200: {"type": "object"}}, tag=HEALTH)
SHOWING = Operation("The reader's own page", {200: Profile, 404: None}, reader=True)


def make_blueprint(parts: Parts) -> Blueprint:
    """The verbs over `parts`."""
    verbs = Blueprint("tokens", __name__)
    members = parts.client.get_default_database()["members"]

    @verbs.post("/tokens")
    @operation(MAKING)
    def make_token() -> Response:
        wanted = read_body(SignIn)
        address = client_address(settings.get_face_secret())
        parts.failed_sign_ins.check(address)
        member = members.find_one({"_id": wanted.username}) or {}
        if not fits(member.get("password"), wanted.password):
            parts.failed_sign_ins.count(address)
            raise WrongCredentials("Username and password do not belong together.")
        issued = parts.issuer.issue(wanted.username)
        response = reply({"token": issued.token, "expires": issued.expires}, 201)
        response.cache_control.no_store = True
        return response

    @verbs.delete("/tokens/current")
    @operation(ENDING)
    def end_token() -> Response:
        parts.revocations.revoke(g.reader.token_id, g.reader.expires)
        return reply(None, 204)

    @verbs.get("/.well-known/jwks.json")
    @operation(KEYS)
    def keys() -> Response:
        return reply(parts.issuer.jwks())

    @verbs.get("/me")
    @operation(SHOWING)
    def show_profile() -> Response:
        reader = g.reader.username
        member = members.find_one({"_id": reader})
        if member is None:
            raise NotFound("This member has left.")
        counts = {**parts.marks.counts(reader), "shares": parts.shares.count(reader)}
        told = {"username": reader, "email": member.get("email"), "created": iso(member["created"])}
        return reply({**told, "counts": counts})

    return verbs
