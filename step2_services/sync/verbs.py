"""The verbs of sync: rebuild copies, replicate changes at once, and publish the keys of sync's tokens."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hmac import compare_digest

from flask import Blueprint, Response, request
from pydantic import BaseModel
from werkzeug.exceptions import Forbidden

from kit.http.headers import REPLICATION_SECRET
from kit.http.operations import HEALTH, Operation, operation
from kit.http.problems import NotFound
from kit.service.render import reply
from kit.tokens import JWKS, Issuer
from step2_services.sync.replicator import Replicator

OPERATOR_SECRET = "Operator-Secret"  # noqa: S105 - a header's name

PATIENCE = 5.0
"""How many seconds a request to replicate waits for takers."""


class Rebuilt(BaseModel):
    """The relations whose copies begin again, and when that was requested."""

    relations: list[str]
    at: datetime


class Replicated(BaseModel):
    """The takers that have all changes from before the request, and those that may not have them yet."""

    done: list[str]
    late: list[str]


class Reaching(BaseModel):
    """The times up to which a taker's copies have all changes, by kind of document; null if unknown."""

    reaches: dict[str, datetime | None]


REACHING = Operation("How far a taker's copies reach", {200: Reaching, 404: None}, tag=HEALTH)
REBUILDING = Operation("Have all copies of a taker begin again", {202: Rebuilt, 403: None, 404: None})
REPLICATING = Operation(
    "Replicate the changes of one kind of document to all takers at once, and wait for them",
    {200: Replicated, 403: None, 404: None},
)
KEYS = Operation("The public keys of tokens (RFC 7517)", {200: {"type": "object"}}, tag=HEALTH)


def make_blueprint(
    issuer: Issuer, replicators: Sequence[Replicator], operator_secret: str, replication_secret: str
) -> Blueprint:
    """Make the verbs. Only clients that know the secrets may have copies rebuilt, and changes replicated."""
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
        if not _knows(operator_secret, OPERATOR_SECRET):
            raise Forbidden(f"Say the operator's secret in {OPERATOR_SECRET}; `./stones rebuild` does.")
        concerned = replicators_of(taker)
        at = datetime.now(UTC)
        for each in concerned:
            each.begin_again()
        return reply({"relations": [each.name for each in concerned], "at": at}, 202)

    @verbs.post("/replications/<what>")
    @operation(REPLICATING)
    def replicate(what: str) -> Response:
        if not _knows(replication_secret, REPLICATION_SECRET):
            raise Forbidden(f"Say the secret of the web face in {REPLICATION_SECRET}.")
        concerned = [each for each in replicators if each.relation.what == what]
        if not concerned:
            kinds = sorted({each.relation.what for each in replicators})
            raise NotFound(f"Nobody keeps copies of {what}; there are: {', '.join(kinds)}.")
        now = time.monotonic()
        deadline = now + PATIENCE
        for each in concerned:
            each.nudge(now, deadline)
        has_all = {each.relation.taker: each.await_round(now, deadline) for each in concerned}
        done = [taker for taker, has_it in has_all.items() if has_it]
        return reply({"done": done, "late": [taker for taker in has_all if taker not in done]})

    @verbs.get(JWKS)
    @operation(KEYS)
    def keys() -> Response:
        return reply(issuer.jwks())

    return verbs


def _knows(secret: str, header: str) -> bool:
    """Return whether the request has this secret, which must be set, in that header."""
    return bool(secret) and compare_digest(request.headers.get(header, "").encode(), secret.encode())
