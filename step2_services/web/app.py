"""The web face of step 2: step 0's application over a store that calls the services."""

from flask import Flask, Response

from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.http.headers import SERVED_BY
from kit.logs import configure_logs, log_requests
from kit.settings import LimitSettings, ServiceSettings, SessionSettings, TrustSettings
from kit.tokens import ISSUER, RemoteKeys, Verifier
from step0_monolith.app import create_app
from step2_services.web.readiness import OptionalParts
from step2_services.web.routes import SERVICES, Routed, served_by
from step2_services.web.store import ServicesStore


def make_app() -> Flask:
    """Make the face over the services that the settings name."""
    configure_logs("web")
    services = Services(ServiceSettings.read().services_file)
    names = (*SERVICES, "sync")
    api = Routed({name: Rest(services.finder(name), f"The {name} service") for name in names})
    keys = RemoteKeys(api.services["members"])
    keys.fetch_ahead()
    session, trust = SessionSettings.read(), TrustSettings.read()
    store = ServicesStore(api, Verifier(keys, ISSUER), trust.face_secret)
    app = create_app(
        store,
        secret_key=session.secret_key,
        session_seconds=LimitSettings.read().token_lifetime,
        session_cookie=session.cookie,
        optional_parts=OptionalParts(store.health),
        trusted_proxies=trust.proxies,
    )
    log_requests(app)

    @app.after_request
    def name_instances(response: Response) -> Response:
        if instances := served_by():
            response.headers[SERVED_BY] = instances
        return response

    return app
