"""The application of step 0 for gunicorn, with its store and its sessions."""

from kit.settings import LimitSettings, SessionSettings, TrustSettings
from kit.tracing.exporter import configure_tracing
from step0_monolith.app import create_app
from step0_monolith.mongo.sessions import MongoSessions
from step0_monolith.monolith import make_store

configure_tracing("monolith")
store = make_store()
session = SessionSettings.read()
app = create_app(
    store,
    secret_key=session.secret_key,
    session_seconds=LimitSettings.read().token_lifetime,
    session_cookie=session.cookie,
    trusted_proxies=TrustSettings.read().proxies,
)
app.session_interface = MongoSessions(app, store.client)
