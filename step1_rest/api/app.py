"""The API put together, as gunicorn serves it: `step1_rest.api.app:make_app()`."""

from collections.abc import Sequence
from typing import Any

from eve import Eve

from kit import environment
from kit.domain.mail import share
from kit.domain.marks import hide, like, tag
from kit.domain.marks import lists as marked
from kit.domain.members import profile, tokens
from kit.domain.members.resource import guard_members
from kit.domain.pictures import images
from kit.domain.posts.documents import as_post
from kit.domain.recommend import recommend
from kit.domain.search.resource import match_words
from kit.http.operations import POSTS
from kit.logs import configure_logs
from kit.mongo import client as mongo
from kit.mongo.client import Document
from kit.service import Settings, create_service
from kit.tokens import ISSUER, LocalKeys, Verifier
from step1_rest.api.domain import DOMAIN
from step1_rest.api.parts import Parts, make_parts
from step1_rest.api.readers import add_hooks


def make_app() -> Eve:
    """The API over what the environment names."""
    configure_logs("api")
    return create_app(make_parts())


def create_app(parts: Parts) -> Eve:
    """The API over `parts`: Eve's resources and all verbs, in one process over one database."""
    app = create_service(
        Settings(
            name="api",
            title="Stepping Stones, step 1: the API",
            domain=DOMAIN,
            client=parts.client,
            verifier=Verifier(LocalKeys(parts.issuer.jwks()), ISSUER),
            revoked=parts.revocations.includes,
            parts={"mongodb": lambda: mongo.answers(parts.client), "smtp": parts.mailer.answers},
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
    secret = environment.get_face_secret()

    def shown(found: Sequence[Document], reader: str) -> list[Any]:
        return list(marks.put_on([as_post(each) for each in found], reader))

    def counts(reader: str) -> dict[str, int]:
        return {**marks.counts(reader), "shares": parts.shares.count(reader)}

    for verb in (
        tag.make_blueprint(posts, marks, shown, POSTS),
        like.make_blueprint(posts, marks),
        hide.make_blueprint(posts, marks),
        marked.likes(posts, marks, shown, POSTS),
        marked.hidden(posts, marks, shown, POSTS),
        recommend.make_blueprint(posts, marks, shows_marks=True),
        share.make_blueprint(posts, parts.shares, parts.share_limit, parts.mailer),
        images.make_blueprint(parts.images, posts),
        tokens.make_blueprint(members, parts.issuer, parts.revocations, parts.failed_sign_ins, secret),
        profile.make_blueprint(members, counts),
    ):
        app.register_blueprint(verb)
