"""Step 0 as gunicorn serves it: the application, its store and its sessions put together."""

from kit import environment
from step0_monolith.app import create_app
from step0_monolith.mongo.sessions import MongoSessions
from step0_monolith.monolith import make_store

store = make_store()
app = create_app(
    store,
    secret_key=environment.get_secret_key(),
    session_seconds=environment.get_token_lifetime(),
    session_cookie=environment.get_session_cookie(),
    trusted_proxies=environment.get_trusted_proxies(),
)
app.session_interface = MongoSessions(app, store.client)
