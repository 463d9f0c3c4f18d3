"""Respond to errors with JSON or a page."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import g, redirect, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from kit.http.errors import ErrorResponder, error_body
from kit.http.problems import Problem
from step0_monolith.http.headers import set_personal
from step0_monolith.http.identity import identify
from step0_monolith.http.negotiation import represent, wants_html
from step0_monolith.store import Store


def make_error_responder(store: Store) -> ErrorResponder:
    """Make the function that responds to errors, for readers that `store` knows."""

    def respond(
        status: HTTPStatus,
        message: str,
        issues: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> AnyResponse:
        if wants_html():
            _find_reader(store)
        response = _respond(status, message, issues, retry_after)
        if wants_html():
            set_personal(response)
        return response

    return respond


def _find_reader(store: Store) -> None:
    """Set `g.reader`, so that the page shows who is signed in, if the error came before that was done."""
    if "reader" not in g:
        try:
            identify(store)
        except (Problem, HTTPException):
            g.reader = None


def _respond(
    status: HTTPStatus, message: str, issues: Mapping[str, str] | None, retry_after: int | None
) -> AnyResponse:
    """Represent the error for this client. Redirect visitors of a page that needs a reader to the sign-in."""
    g.setdefault("reader", None)
    if status == HTTPStatus.UNAUTHORIZED and "Authorization" not in request.headers:
        here = request.full_path.rstrip("?")
        has_ended = session.pop("token", None)
        if wants_html() and request.method in ("GET", "HEAD"):
            # Somebody whose session has just turned out to be over may still look as a visitor.
            return redirect(here if has_ended else url_for("members.login", next=here), 303)
    return represent(
        error_body(status, message, issues),
        "error.html",
        status,
        code=status.value,
        name=status.phrase,
        message=message,
        issues=issues,
        retry_after=retry_after,
    )
