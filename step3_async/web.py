"""The web face of step 3: step 0's application over step 1's store, which asks the gateway."""

from flask import Flask

from kit.http.proxies import TrustedProxies, from_trusted
from kit.logs import configure_logs, log_requests
from kit.settings import LimitSettings, ServiceSettings, SessionSettings, TrustSettings
from kit.tokens import ISSUER, RemoteKeys, Verifier
from step0_monolith.app import contract, create_app
from step1_rest.store import RestStore
from step3_async.api import GatewayApi, pass_on
from step3_async.document import complete
from step3_async.rapids.hosting.host import EXTENSION, Host
from step3_async.rapids.hosting.load import Load
from step3_async.rapids.hosting.settings import get_gateway_url
from step3_async.rapids.hosting.spans import trace_requests
from step3_async.rapids.tracing import configure_tracing

NAME = "web"


def make_app() -> Flask:
    """The face over the gateway that the environment names; it announces itself, as services do."""
    configure_logs(ServiceSettings.read().instance or NAME)
    configure_tracing(NAME)
    secret = TrustSettings.read().face_secret
    api = GatewayApi(get_gateway_url(), secret)
    keys = RemoteKeys(api)
    keys.fetch_ahead()
    app = create_app(
        RestStore(api, Verifier(keys, ISSUER), secret),
        secret_key=SessionSettings.read().secret_key,
        session_seconds=LimitSettings.read().token_lifetime,
        session_cookie=SessionSettings.read().cookie,
        optional_parts=frozenset({"api"}),
        describe=lambda: complete(contract()),
    )
    app.jinja_env.globals["settles"] = True
    log_requests(app)
    app.after_request(pass_on)
    trace_requests(app)
    load = Load(from_trusted(app.wsgi_app, TrustedProxies(), secret))
    app.wsgi_app = load  # type: ignore[method-assign]
    app.extensions[EXTENSION] = host = Host(NAME, ("face",), is_well=lambda: True, load=lambda: load.now)
    host.start()
    return app
