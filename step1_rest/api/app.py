"""The API put together, as gunicorn serves it: `step1_rest.api.app:make_app()`."""

from eve import Eve

from kit import mongo
from kit.logs import configure_logs
from kit.service import Settings, create_service
from kit.tokens import LocalKeys, Verifier
from step1_rest import settings
from step1_rest.api.domain import DOMAIN
from step1_rest.api.parts import Parts, make_parts
from step1_rest.api.readers import add_hooks
from step1_rest.api.verbs import images, marks, recommend, share, tokens


def make_app() -> Eve:
    """The API over what the environment names."""
    configure_logs("api")
    return create_app(make_parts())


def create_app(parts: Parts) -> Eve:
    """The API over `parts`."""
    app = create_service(
        Settings(
            name="api",
            title="Stepping Stones, step 1: the API",
            domain=DOMAIN,
            client=parts.client,
            verifier=Verifier(LocalKeys(parts.issuer.jwks()), settings.ISSUER),
            revoked=parts.revocations.includes,
            parts={"mongodb": lambda: mongo.answers(parts.client), "smtp": parts.mailer.answers},
            optional=frozenset({"smtp"}),
        )
    )
    add_hooks(app, parts.marks)
    for each in (marks, recommend, tokens, share, images):
        app.register_blueprint(each.make_blueprint(parts))
    return app
