"""The web face of step 3: step 0's application over step 1's store, which calls the services."""

from pathlib import Path

from flask import Blueprint, Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from kit.http.proxies import TrustedProxies, trust_forwarded_headers
from kit.logs import configure_logs, log_requests
from kit.settings import LimitSettings, ServiceSettings, SessionSettings, TrustSettings
from kit.tracing.exporter import configure_tracing
from step0_monolith.app import contract, create_app
from step1_rest.store import RestStore
from step3_async.client.settings import ClientSettings
from step3_async.rapids.hosting.host import EXTENSION, Host
from step3_async.rapids.hosting.load import Load
from step3_async.rapids.hosting.tokens import make_verifier
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.tracing import pass_on_context
from step3_async.web.openapi import complete
from step3_async.web.services_api import ServicesApi, pass_on

NAME = "web"
SECONDS = 10.0
PAGES = [
    AnnouncedPath(template=each, below="", seconds=SECONDS, trusts_gateway=True)
    for each in ("/", "/login", "/logout", "/signup", "/{page:path}")
]
"""The paths of the face. Pages of one kind may occupy only a part of an instance: see the gateway's
bulkhead.
"""


def make_app() -> Flask:
    """Make the face over the services in the registry. It announces itself, as services do."""
    configure_logs(ServiceSettings.read().instance or NAME)
    configure_tracing(NAME)
    secret = TrustSettings.read().face_secret
    api = ServicesApi([each for each in ClientSettings.read().expected_services if each != NAME], secret)
    app = create_app(
        RestStore(api, make_verifier(), secret),
        secret_key=SessionSettings.read().secret_key,
        session_seconds=LimitSettings.read().token_lifetime,
        session_cookie=SessionSettings.read().cookie,
        optional_parts=frozenset({"api"}),
        describe=lambda: complete(contract()),
    )
    _extend_pages(app)
    log_requests(app)
    app.after_request(pass_on)
    pass_on_context(app)
    load = Load(trust_forwarded_headers(app.wsgi_app, TrustedProxies(), secret))
    app.wsgi_app = load  # type: ignore[method-assign]
    app.extensions[EXTENSION] = host = Host(
        NAME, ("face",), api.connected_to, paths=PAGES, is_healthy=lambda: True, load=lambda: load.now
    )
    host.start()
    return app


def _extend_pages(app: Flask) -> None:
    """Make the pages of step 0 extend this step's layout, which extends step 0's layout."""
    step0 = app.jinja_loader
    assert step0 is not None  # noqa: S101
    own = FileSystemLoader(Path(__file__).parent / "templates")
    app.jinja_loader = ChoiceLoader([own, PrefixLoader({"step0": step0}), step0])
    pages = Blueprint("pending", __name__, static_folder="static", static_url_path="/pending")
    app.register_blueprint(pages)
