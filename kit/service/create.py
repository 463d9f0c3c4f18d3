"""Make the application of a service."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from pymongo.database import Database
from pymongo.errors import PyMongoError

from kit import health
from kit.http.errors import error_body, handle_errors
from kit.http.headers import SERVED_BY
from kit.http.proxies import TrustedProxies, trust_forwarded_headers
from kit.logs import configure_logs, log_requests
from kit.metrics.requests import count_requests
from kit.mongo.client import Document, as_problem, connect
from kit.openapi import docs
from kit.openapi.describe import describe
from kit.service.application import Service
from kit.service.checks import check_requests
from kit.service.config import cache_settings, uncache_settings
from kit.service.data import Data
from kit.service.definition import ServiceDefinition, eve_settings
from kit.service.identity import ReaderAuth, identify
from kit.service.render import reply
from kit.service.validation import Validator
from kit.settings import DatabaseSettings, ServiceSettings
from kit.tracing.exporter import configure_tracing
from kit.tracing.instrumentation import trace_requests

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept, Authorization"),
)
"""The policy of every response that has none of its own."""


def own_database(name: str) -> Database[Document]:
    """Connect to the database of the service `name`, whose process this is; it logs under that name."""
    configure_logs(ServiceSettings.read().instance or name)
    configure_tracing(name)
    return connect(DatabaseSettings.read().uri).get_default_database()


def create_service(definition: ServiceDefinition) -> Service:
    """Make an Eve application that is safe for clients to use.

    Add verbs to it as Flask routes; see `kit.http.operations`.

    Raises ValueError for a resource that would show more than it says.
    """
    uncache_settings()
    made = eve_settings(definition)
    app = Service(
        __name__,
        settings={**made, "KIT_CLIENT": definition.client},
        data=Data,
        validator=Validator,
        auth=ReaderAuth,
        media=None,
        static_folder=None,
    )
    app.name = definition.name
    handle_errors(app, error_response)
    app.register_error_handler(PyMongoError, _database_error)
    log_requests(app)
    count_requests(app)
    check_requests(app, definition.bulk)
    identify(app, definition.verifier, definition.services, definition.revoked)
    app.register_blueprint(health.make_blueprint(lambda: _check_parts(definition), definition.optional))
    app.register_blueprint(
        docs.make_blueprint(lambda: describe(app, definition.title, definition.version), definition.title)
    )
    set_home(app, lambda: _home(app, definition))
    _set_headers(app, definition)
    if definition.face_secret:
        app.wsgi_app = trust_forwarded_headers(app.wsgi_app, TrustedProxies(), definition.face_secret)
    trace_requests(app)
    cache_settings(app)
    return app


def error_response(
    status: HTTPStatus,
    message: str,
    issues: Mapping[str, Any] | None = None,
    retry_after: int | None = None,
) -> Response:
    """Represent an error as JSON."""
    return reply(error_body(status, message, issues), status)


def set_home(app: Service, view: Callable[[], Response]) -> None:
    """Make `view` respond at `/`, where Eve has a page of its own."""

    @wraps(view)
    def home() -> Response:
        # Eve leaves OPTIONS to the view.
        return app.make_default_options_response() if request.method == "OPTIONS" else view()

    app.view_functions["home"] = home


def _home(app: Service, definition: ServiceDefinition) -> Response:
    """Link from `/` to what the service has."""
    collections = [
        {"href": described["url"], "title": described["resource_title"]}
        for described in app.config["DOMAIN"].values()
        if "GET" in described["resource_methods"]
    ]
    about = {"docs": {"href": "docs"}, "describedby": {"href": "openapi.json"}}
    payload = {"title": definition.title, "version": definition.version}
    return reply({**payload, "_links": {"child": collections, **about}})


def _database_error(error: PyMongoError) -> Any:
    return current_app.handle_user_exception(as_problem(error))


def _check_parts(definition: ServiceDefinition) -> dict[str, bool]:
    return {name: check() for name, check in definition.parts.items()}


def _set_headers(app: Flask, definition: ServiceDefinition) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        response.autocorrect_location_header = False  # as Eve sets it, it names the host of the request
        if location := headers.get("Location"):
            headers["Location"] = f"/{location.lstrip('/')}"
        if definition.instance:
            headers.add(SERVED_BY, f"{definition.instance} {definition.version}")
        given = {name.lower() for name, _ in headers}
        for name, value in HEADERS:
            if name.lower() not in given:
                headers.add(name, value)
        return response
