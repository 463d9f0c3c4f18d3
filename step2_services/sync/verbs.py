"""The verbs of sync: rebuild a taker's copies, and publish the keys that verify sync's tokens."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hmac import compare_digest

from flask import Blueprint, Response, request
from pydantic import BaseModel
from werkzeug.exceptions import Forbidden

from kit.http.operations import HEALTH, Operation, operation
from kit.http.problems import NotFound
from kit.service.render import reply
from kit.tokens import JWKS, Issuer
from step2_services.sync.replicator import Replicator

SECRET = "Operator-Secret"  # noqa: S105 - a header's name


class Rebuilt(BaseModel):
    """The relations whose copies begin again, and when that was requested."""

    relations: list[str]
    at: datetime


class Reaching(BaseModel):
    """The times up to which a taker's copies have all changes, by kind of document; null if unknown."""

    reaches: dict[str, datetime | None]


REACHING = Operation("How far a taker's copies reach", {200: Reaching, 404: None}, tag=HEALTH)
REBUILDING = Operation("Have all copies of a taker begin again", {202: Rebuilt, 403: None, 404: None})
KEYS = Operation("The public keys of tokens (RFC 7517)", {200: {"type": "object"}}, tag=HEALTH)


def make_blueprint(issuer: Issuer, replicators: Sequence[Replicator], secret: str) -> Blueprint:
    """Make the verbs. Only clients that know `secret` may have copies rebuilt."""
    verbs = Blueprint("sync", __name__)

    def replicators_of(taker: str) -> list[Replicator]:
        concerned = [each for each in replicators if each.relation.taker == taker]
        if not concerned:
            takers = sorted({each.relation.taker for each in replicators})
            raise NotFound(f"{taker} takes no copies; these do: {', '.join(takers)}.")
        return concerned

    @verbs.get("/copies/<taker>")
    @operation(REACHING)
    def reaching(taker: str) -> Response:
        reaches = {each.relation.what: each.progress.reaches for each in replicators_of(taker)}
        shown = {what: moment.isoformat() if moment else None for what, moment in reaches.items()}
        return reply({"reaches": shown})

    @verbs.post("/rebuilds/<taker>")
    @operation(REBUILDING)
    def rebuild(taker: str) -> Response:
        given = request.headers.get(SECRET, "")
        if not secret or not compare_digest(given.encode(), secret.encode()):
            raise Forbidden(f"Say the operator's secret in {SECRET}; `./stones rebuild` does.")
        concerned = replicators_of(taker)
        at = datetime.now(UTC)
        for each in concerned:
            each.begin_again()
        return reply({"relations": [each.name for each in concerned], "at": at}, 202)

    @verbs.get(JWKS)
    @operation(KEYS)
    def keys() -> Response:
        return reply(issuer.jwks())

    return verbs
