"""Browser sessions in MongoDB, through Flask-Session."""

from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response
from flask_session.base import ServerSideSession, ServerSideSessionInterface
from flask_session.mongodb import MongoDBSessionInterface

from kit.http.problems import Problem
from kit.mongo.client import Client, translated
from step0_monolith.http.cookies import SecureOverTls


class MongoSessions(SecureOverTls, MongoDBSessionInterface):  # type: ignore[misc]
    """The sessions of Flask-Session with two differences.

    It needs no connection when it is made, so that a worker can start while the database is away
    (`make_indexes` makes its indexes). If a session cannot be read, the request gets an empty one that has
    the `error`, as there are pages that need no session.
    """

    def __init__(self, app: Flask, client: Client) -> None:
        self.client = client
        self.store = client.get_default_database()["sessions"]
        self.use_deprecated_method = False
        ServerSideSessionInterface.__init__(self, app, key_prefix="", sid_length=32)

    def open_session(self, app: Flask, request: Request) -> ServerSideSession:
        """Open the request's session; its attribute `error` is a Problem or None."""
        try:
            session = super().open_session(app, request)
            session.error = None
        except Problem as error:
            session = self.session_class(sid=self._generate_sid(self.sid_length))
            session.error = error
        return session

    def save_session(self, app: Flask, session: ServerSideSession, response: Response) -> None:
        """Store what has changed, unless the session could not be read."""
        if session.error is None:
            super().save_session(app, session, response)

    @translated
    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = super()._retrieve_session_data(store_id)
        return found

    @translated
    def _delete_session(self, store_id: str) -> None:
        super()._delete_session(store_id)

    @translated
    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        super()._upsert_session(session_lifetime, session, store_id)
