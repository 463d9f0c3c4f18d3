"""The web face of step 1: step 0's application over a store that calls the API."""

from flask import Flask
from pydantic import Field

from kit.clients.rest import Rest
from kit.logs import configure_logs, log_requests
from kit.settings import LimitSettings, SessionSettings, Settings, TrustSettings
from kit.tokens import ISSUER, RemoteKeys, Verifier
from kit.tracing.exporter import configure_tracing
from step0_monolith.app import create_app
from step1_rest import API_URL
from step1_rest.store import RestStore


class ApiSettings(Settings):
    """The address of the API."""

    url: str = Field(API_URL, alias="API_URL")


def make_app() -> Flask:
    """Make the face over the API that the settings name."""
    configure_logs("web")
    configure_tracing("web")
    api = Rest(ApiSettings.read().url, "The API")
    session, trust = SessionSettings.read(), TrustSettings.read()
    store = RestStore(api, Verifier(RemoteKeys(api), ISSUER), trust.face_secret)
    app = create_app(
        store,
        secret_key=session.secret_key,
        session_seconds=LimitSettings.read().token_lifetime,
        session_cookie=session.cookie,
        trusted_proxies=trust.proxies,
    )
    log_requests(app)
    return app
