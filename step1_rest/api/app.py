"""The application of the API for gunicorn: `step1_rest.api.app:make_app()`."""

from eve import Eve

from kit.domain.mail import share
from kit.domain.marks import hide, like, tag
from kit.domain.members import profile, tokens
from kit.domain.members.resource import guard_members
from kit.domain.pictures import images
from kit.domain.posts.documents import PAGE_OF_POSTS
from kit.domain.recommend import recommend
from kit.domain.search.resource import match_words
from kit.logs import configure_logs
from kit.mongo.client import accepts_writes
from kit.service import ServiceDefinition, create_service
from kit.settings import TrustSettings
from kit.tokens import ISSUER, LocalKeys, Verifier
from kit.tracing.exporter import configure_tracing
from step1_rest.api.domain import DOMAIN
from step1_rest.api.parts import Parts, make_parts
from step1_rest.api.readers import add_hooks


def make_app() -> Eve:
    """Make the API from the settings in the environment."""
    configure_logs("api")
    configure_tracing("api")
    return create_app(make_parts())


def create_app(parts: Parts) -> Eve:
    """Make the API over `parts`: Eve's resources and all verbs, in one process over one database."""
    app = create_service(
        ServiceDefinition(
            name="api",
            title="Stepping Stones, step 1: the API",
            domain=DOMAIN,
            client=parts.client,
            verifier=Verifier(LocalKeys(parts.issuer.jwks()), ISSUER),
            revoked=parts.revocations.includes,
            face_secret=TrustSettings.read().face_secret,
            parts={"mongodb": lambda: accepts_writes(parts.client), "smtp": parts.mailer.is_available},
            optional=frozenset({"smtp"}),
        )
    )
    match_words(app)
    add_hooks(app, parts.marks)
    guard_members(app)
    _add_verbs(app, parts)
    return app


def _add_verbs(app: Eve, parts: Parts) -> None:
    posts, marks = parts.posts, parts.marks
    members = parts.client.get_default_database()["members"]

    def counts(reader: str) -> dict[str, int]:
        return {**marks.counts(reader), "shares": parts.shares.count(reader)}

    for verb in (
        tag.commands(posts, marks),
        tag.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
        like.commands(posts, marks),
        like.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
        hide.commands(posts, marks),
        hide.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
        recommend.make_blueprint(posts, marks),
        share.make_blueprint(posts, parts.shares, parts.share_limit, parts.mailer),
        images.make_blueprint(parts.images, posts),
        tokens.make_blueprint(members, parts.issuer, parts.revocations, parts.failed_sign_ins),
        profile.make_blueprint(members, counts),
    ):
        app.register_blueprint(verb)
