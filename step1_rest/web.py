"""The web face of step 1: step 0's application over a store that asks the API."""

from flask import Flask

from kit import environment
from kit.clients.rest import Rest
from kit.logs import configure_logs, log_requests
from kit.tokens import ISSUER, RemoteKeys, Verifier
from step0_monolith.app import create_app
from step1_rest import settings
from step1_rest.store import RestStore


def make_app() -> Flask:
    """The face over the API that the environment names."""
    configure_logs("web")
    api = Rest(settings.get_api_url(), "The API")
    store = RestStore(api, Verifier(RemoteKeys(api), ISSUER), environment.get_face_secret())
    app = create_app(
        store,
        secret_key=environment.get_secret_key(),
        session_seconds=environment.get_token_lifetime(),
        session_cookie=environment.get_session_cookie(),
        trusted_proxies=environment.get_trusted_proxies(),
    )
    log_requests(app)
    return app
