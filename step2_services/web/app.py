"""The web face of step 2: step 0's application over a store that calls the services."""

from flask import Flask, Response
from pydantic import Field

from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.http.headers import SERVED_BY
from kit.logs import configure_logs, log_requests
from kit.settings import LimitSettings, ServiceSettings, SessionSettings, Settings, TrustSettings
from kit.tokens import ISSUER, RemoteKeys, Verifier
from kit.tracing.exporter import configure_tracing
from step0_monolith.app import contract, create_app
from step2_services.web.readiness import OptionalParts
from step2_services.web.routes import SERVICES, Routed, served_by
from step2_services.web.sign_out import show_unconfirmed, with_unconfirmed
from step2_services.web.store import ServicesStore


class ReplicationSettings(Settings):
    """The secret with which the face may have sync replicate changes at once."""

    secret: str = Field("", alias="REPLICATION_SECRET")


def make_app() -> Flask:
    """Make the face over the services that the settings name."""
    configure_logs("web")
    configure_tracing("web")
    services = Services(ServiceSettings.read().services_file)
    names = (*SERVICES, "sync")
    api = Routed({name: Rest(services.finder(name), f"The {name} service") for name in names})
    keys = RemoteKeys(api.services["members"])
    keys.fetch_ahead()
    session, trust = SessionSettings.read(), TrustSettings.read()
    store = ServicesStore(api, Verifier(keys, ISSUER), trust.face_secret, ReplicationSettings.read().secret)
    app = create_app(
        store,
        secret_key=session.secret_key,
        session_seconds=LimitSettings.read().token_lifetime,
        session_cookie=session.cookie,
        optional_parts=OptionalParts(store.health),
        trusted_proxies=trust.proxies,
        describe=lambda: with_unconfirmed(contract()),
    )
    show_unconfirmed(app)
    log_requests(app)

    @app.after_request
    def name_instances(response: Response) -> Response:
        if instances := served_by():
            response.headers[SERVED_BY] = instances
        return response

    return app
