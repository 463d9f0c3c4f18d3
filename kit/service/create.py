"""Putting a service together."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app
from pymongo.errors import PyMongoError

from kit import health
from kit.clients.discovery import SERVED_BY
from kit.http.errors import error_body, handle_errors
from kit.logs import log_requests
from kit.metrics.requests import count_requests
from kit.mongo.client import as_problem
from kit.openapi import describe, docs
from kit.service.application import Service
from kit.service.checks import check_requests
from kit.service.config import settle, unsettle
from kit.service.data import Data
from kit.service.identity import ReaderAuth, identify
from kit.service.render import reply
from kit.service.settings import Settings, eve_settings
from kit.service.validation import Validator

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept, Authorization"),
)
"""Of every answer that has no own."""


def create_service(settings: Settings) -> Service:
    """An Eve application that may face clients. Add verbs to it as Flask routes; see `kit.http.operations`.

    Raises ValueError for a resource that would show or tell more than it says.
    """
    unsettle()
    made = eve_settings(settings)
    app = Service(
        __name__,
        settings={**made, "KIT_CLIENT": settings.client},
        data=Data,
        validator=Validator,
        auth=ReaderAuth,
        media=None,
        static_folder=None,
    )
    app.name = settings.name
    handle_errors(app, answer)
    app.register_error_handler(PyMongoError, _database_error)
    log_requests(app)
    count_requests(app)
    check_requests(app, settings.bulk)
    identify(app, settings.verifier, settings.services, settings.revoked)
    app.register_blueprint(health.make_blueprint(lambda: _asked(settings), settings.optional))
    app.register_blueprint(
        docs.make_blueprint(lambda: describe(app, settings.title, settings.version), settings.title)
    )
    app.view_functions["home"] = lambda: _home(app, settings)
    _set_headers(app, settings)
    settle(app)
    return app


def answer(
    status: HTTPStatus,
    message: str,
    issues: Mapping[str, Any] | None = None,
    retry_after: int | None = None,
) -> Response:
    """An error as JSON."""
    return reply(error_body(status, message, issues), status)


def _home(app: Service, settings: Settings) -> Response:
    """Where to go on from `/`."""
    collections = [
        {"href": described["url"], "title": described["resource_title"]}
        for described in app.config["DOMAIN"].values()
        if "GET" in described["resource_methods"]
    ]
    about = {"docs": {"href": "docs"}, "describedby": {"href": "openapi.json"}}
    told = {"title": settings.title, "version": settings.version}
    return reply({**told, "_links": {"child": collections, **about}})


def _database_error(error: PyMongoError) -> Any:
    return current_app.handle_user_exception(as_problem(error))


def _asked(settings: Settings) -> dict[str, bool]:
    return {name: answers() for name, answers in settings.parts.items()}


def _set_headers(app: Flask, settings: Settings) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        response.autocorrect_location_header = False  # as Eve sets it, it names the host that was asked for
        if location := headers.get("Location"):
            headers["Location"] = f"/{location.lstrip('/')}"
        if settings.instance:
            headers.add(SERVED_BY, f"{settings.instance} {settings.version}")
        given = {name.lower() for name, _ in headers}
        for name, value in HEADERS:
            if name.lower() not in given:
                headers.add(name, value)
        return response
