"""Members: signing up, in and out; the only one who can mint readers' tokens."""

from datetime import timedelta

from kit import environment
from kit.changes import Feed
from kit.limits import Limit
from kit.model.fit import AN_ENDED_TOKEN
from kit.model.revocations import Revocations
from kit.resources.members import guard_members
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.tokens import ISSUER, Issuer, LocalKeys, Verifier
from kit.verbs import profile, tokens
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
    app = single_service(
        Single(
            name="members",
            title="Members",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"revocations": Feed(revocations.collection, settings.REVOCATIONS, AN_ENDED_TOKEN.unfit)},
            readers=Verifier(LocalKeys(issuer.jwks()), ISSUER),
        ),
        tokens.make_blueprint(members, issuer, revocations, failed, secret),
        profile.make_blueprint(members, lambda _reader: {}),
    )
    guard_members(app)
    return app
