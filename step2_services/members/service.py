"""Members: signs readers up, in and out. No other service can sign readers' tokens."""

from datetime import timedelta

from kit.domain.indexes import REVOKED
from kit.domain.members import profile, tokens
from kit.domain.members.resource import MEMBERS, guard_members
from kit.domain.members.revocations import REVOCATION_SCHEMA, Revocations
from kit.mongo.rate_limits import RateLimit
from kit.service import Service, own_database
from kit.settings import LimitSettings, TokenSettings, TrustSettings
from kit.tokens import ISSUER, Issuer, LocalKeys, Verifier
from step2_services.replication import Feed
from step2_services.service_factory import make_service

REVOCATIONS = ("expires",)
"""The published fields of revoked tokens, besides the id: until when to remember each."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("members")
    members, revocations = database["members"], Revocations(database["revoked"])
    limits = LimitSettings.read()
    issuer = Issuer(TokenSettings.read().key, ISSUER, timedelta(seconds=limits.token_lifetime))
    failed = RateLimit(database.client, database.name, "failed sign-ins", limits.failed_sign_ins_per_minute)
    app = make_service(
        "members",
        database,
        resources={"members": MEMBERS},
        indexes=REVOKED,
        feeds={"revocations": Feed(revocations.collection, REVOCATIONS, REVOCATION_SCHEMA.find_problem)},
        verbs=(
            tokens.make_blueprint(members, issuer, revocations, failed),
            profile.make_blueprint(members, lambda _reader: {}),
        ),
        verifier=Verifier(LocalKeys(issuer.jwks()), ISSUER),
        face_secret=TrustSettings.read().face_secret,
    )
    guard_members(app)
    return app
