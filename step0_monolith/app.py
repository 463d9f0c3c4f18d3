"""The web application, which is the same at every step."""

from collections.abc import Callable, Container, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from flask import Flask, g
from flask_bootstrap import Bootstrap5

from kit import health
from kit.domain.pictures.documents import has_image
from kit.http.bodies import LARGEST_BODY, require_small_body
from kit.http.errors import handle_errors
from kit.http.gaps import gaps
from kit.http.proxies import TrustedProxies, trust_forwarded_headers
from kit.metrics.requests import count_requests
from kit.openapi import docs
from kit.tracing.instrumentation import trace_requests
from step0_monolith.http.cookies import CookieSessions
from step0_monolith.http.errors import make_error_responder
from step0_monolith.http.headers import negotiates, set_headers
from step0_monolith.http.identity import csrf, identify
from step0_monolith.http.negotiation import JsonProvider, require_acceptable
from step0_monolith.store import Store
from step0_monolith.views import icons, marks, members, posts, share

CONTRACT = Path(__file__).parent / "openapi.yaml"

OPTIONAL_PARTS = frozenset({"smtp"})


def contract() -> dict[str, Any]:
    """Read the OpenAPI document of the contract."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text())
    return document


def create_app(
    store: Store,
    *,
    secret_key: str,
    session_seconds: int = 3600,
    session_cookie: str = "session",
    optional_parts: Container[str] = OPTIONAL_PARTS,
    trusted_proxies: str = "",
    describe: Callable[[], Mapping[str, Any]] = contract,
) -> Flask:
    """Make the face over `store`.

    Sessions are cookies named `session_cookie` until `app.session_interface` is set to something else.

    The face is ready even if `optional_parts` of the store are away: then some verbs respond with 503.
    `describe` makes the OpenAPI document of the face. Raises ValueError for `trusted_proxies` that are no
    addresses.
    """
    app = Flask(__name__)
    behind = trust_forwarded_headers(app.wsgi_app, TrustedProxies(trusted_proxies))
    app.wsgi_app = behind  # type: ignore[method-assign, assignment]
    app.session_interface = CookieSessions()
    app.config.update(
        SECRET_KEY=secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_NAME=session_cookie,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=session_seconds),
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # It compares the Referer with the host in a proxy's request; see `identity.guard`.
        WTF_CSRF_SSL_STRICT=False,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.json = JsonProvider(app)
    app.jinja_env.tests["has_image"] = has_image
    app.jinja_env.globals["has_image"] = has_image
    Bootstrap5(app)
    csrf.init_app(app)
    handle_errors(app, make_error_responder(store))
    set_headers(app)
    count_requests(app)

    @app.before_request
    def check() -> None:
        require_small_body()
        if negotiates():
            require_acceptable()
            identify(store)

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {"reader": g.get("reader"), "gaps": gaps()}

    for each in (posts, marks, members, share):
        app.register_blueprint(each.make_blueprint(store))
    app.register_blueprint(health.make_blueprint(store.health, optional_parts))
    app.register_blueprint(icons.make_blueprint())
    app.register_blueprint(docs.make_blueprint(describe, "Stepping Stones", back="/"))
    trace_requests(app)
    return app
