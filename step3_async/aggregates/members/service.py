"""Members: signs readers up, in and out. No other service can sign readers' tokens."""

from datetime import timedelta

from kit.domain.members import accounts, profile, tokens
from kit.domain.members.resource import MEMBERS, guard_members
from kit.domain.members.revocations import Revocations
from kit.http.proxies import TrustedProxies, trust_forwarded_headers
from kit.mongo.indexes import Indexes, expiring
from kit.mongo.rate_limits import RateLimit
from kit.service import Service, own_database
from kit.settings import LimitSettings, TokenSettings, TrustSettings
from kit.tokens import ISSUER, Issuer, LocalKeys, Verifier
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath

HASHING_SECONDS = 6.0

PATHS = (
    AnnouncedPath(template="/me", face="json", composition="counts"),
    AnnouncedPath(template="/signup", face="json", seconds=HASHING_SECONDS),
    AnnouncedPath(template="/login", face="json", seconds=HASHING_SECONDS, trusts_gateway=True),
    AnnouncedPath(template="/logout", face="json"),
    AnnouncedPath(template="/members", seconds=HASHING_SECONDS),
    AnnouncedPath(template="/members/{name}", seconds=HASHING_SECONDS),
    AnnouncedPath(template="/tokens", seconds=HASHING_SECONDS, trusts_gateway=True),
    AnnouncedPath(template="/tokens/current", trusts_gateway=True),
    "/.well-known/jwks.json",
)

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("members")
    members = database["members"]
    revocations = Revocations(WriteLog(database, "revoked", "members"))
    lifetime = timedelta(seconds=LimitSettings.read().token_lifetime)
    issuer = Issuer(TokenSettings.read().key, ISSUER, lifetime)
    per_minute = LimitSettings.read().failed_sign_ins_per_minute
    failed = RateLimit(database.client, database.name, "failed sign-ins", per_minute)
    app = make_service(
        "members",
        database,
        tags=("kind:aggregate", "verb:sign-in"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=PATHS,
        owns="revoked",
        verbs=[
            tokens.make_blueprint(members, issuer, revocations, failed),
            accounts.make_blueprint(members, issuer, revocations, failed),
            profile.make_blueprint(members, lambda _reader: {}),
        ],
        verifier=Verifier(LocalKeys(issuer.jwks()), ISSUER),
    )
    guard_members(app)
    app.wsgi_app = trust_forwarded_headers(app.wsgi_app, TrustedProxies(), TrustSettings.read().face_secret)
    return app
