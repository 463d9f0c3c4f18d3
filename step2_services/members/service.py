"""Members: signing up, in and out; the only one who can mint readers' tokens."""

from datetime import timedelta

from kit import environment
from kit.changes import Feed
from kit.domain.members import profile, tokens
from kit.domain.members.resource import guard_members
from kit.domain.members.revocations import Revocations
from kit.mongo.document_schema import REVOCATION_SCHEMA
from kit.mongo.rate_limits import Limit
from kit.service import Service
from kit.single import Single, make_service, own_database
from kit.tokens import ISSUER, Issuer, LocalKeys, Verifier
from step2_services.members import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("members")
    members, revocations = database["members"], Revocations(database["revoked"])
    lifetime = timedelta(seconds=environment.get_token_lifetime())
    issuer = Issuer(environment.get_token_key(), ISSUER, lifetime)
    per_minute = environment.get_failed_sign_ins_per_minute()
    failed = Limit(database.client, database.name, "failed sign-ins", per_minute)
    secret = environment.get_face_secret()
    app = make_service(
        Single(
            name="members",
            title="Members",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={
                "revocations": Feed(
                    revocations.collection, settings.REVOCATIONS, REVOCATION_SCHEMA.find_problem
                )
            },
            readers=Verifier(LocalKeys(issuer.jwks()), ISSUER),
        ),
        tokens.make_blueprint(members, issuer, revocations, failed, secret),
        profile.make_blueprint(members, lambda _reader: {}),
    )
    guard_members(app)
    return app
