"""Rebuilding a taker's copies, and the keys that sync's tokens can be verified with."""

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
from step2_services.sync.replicator import Carrier

SECRET = "Operator-Secret"  # noqa: S105 - a header's name


class Rebuilt(BaseModel):
    """The copies that begin again, and when they were told to."""

    relations: list[str]
    at: datetime


class Reaching(BaseModel):
    """Up to when a taker's copies have all changes, by what they are copies of; null if that is unknown."""

    reaches: dict[str, datetime | None]


REACHING = Operation("How far a taker's copies reach", {200: Reaching, 404: None}, tag=HEALTH)
REBUILDING = Operation("Have all copies of a taker begin again", {202: Rebuilt, 403: None, 404: None})
KEYS = Operation("The public keys of tokens (RFC 7517)", {200: {"type": "object"}}, tag=HEALTH)


def make_blueprint(issuer: Issuer, carriers: Sequence[Carrier], secret: str) -> Blueprint:
    """The verbs. Only who knows `secret` may have copies rebuilt."""
    verbs = Blueprint("sync", __name__)

    def of_taker(taker: str) -> list[Carrier]:
        concerned = [carrier for carrier in carriers if carrier.relation.taker == taker]
        if not concerned:
            takers = sorted({carrier.relation.taker for carrier in carriers})
            raise NotFound(f"{taker} takes no copies; these do: {', '.join(takers)}.")
        return concerned

    @verbs.get("/copies/<taker>")
    @operation(REACHING)
    def reaching(taker: str) -> Response:
        reaches = {each.relation.what: each.progress.reaches for each in of_taker(taker)}
        told = {what: moment.isoformat() if moment else None for what, moment in reaches.items()}
        return reply({"reaches": told})

    @verbs.post("/rebuilds/<taker>")
    @operation(REBUILDING)
    def rebuild(taker: str) -> Response:
        given = request.headers.get(SECRET, "")
        if not secret or not compare_digest(given.encode(), secret.encode()):
            raise Forbidden(f"Say the operator's secret in {SECRET}; `workshop rebuild` does.")
        concerned = of_taker(taker)
        at = datetime.now(UTC)
        for carrier in concerned:
            carrier.begin_again()
        return reply({"relations": [carrier.name for carrier in concerned], "at": at}, 202)

    @verbs.get(JWKS)
    @operation(KEYS)
    def keys() -> Response:
        return reply(issuer.jwks())

    return verbs
