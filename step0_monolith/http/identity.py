"""Identify the reader of a request by a bearer token, or by a browser's session that contains one."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from kit.http.authorization import bearer_token
from step0_monolith.http.bodies import FORM
from step0_monolith.store import Reader, Session, Store

OWN_PAGES = ("same-origin", "none")
"""The values of Sec-Fetch-Site that a write may have: it comes from our own pages, or from the address
bar.
"""

csrf = CSRFProtect()
P = ParamSpec("P")
R = TypeVar("R")


def identify(store: Store) -> None:
    """Set `g.reader`. Raises Unauthorized for a token that is not valid, and then sets it to None."""
    g.reader = None
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        token = bearer_token(authorization)
        g.reader = store.authenticate(token) if token else None
        if g.reader is None:
            raise unauthorized("This token is not valid, or no longer. Sign in for a new one.")
        return
    if error := getattr(session, "error", None):
        raise error
    if token := session.get("token"):
        g.reader = store.authenticate(token)
        if g.reader is None:
            session.clear()


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Restrict a view to readers, as a decorator. A view that writes also requires a CSRF token from
    browsers.
    """

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if g.reader is None:
            raise unauthorized("Sign in first.")
        if "Authorization" not in request.headers:
            guard()
        return view(*args, **kwargs)

    return wrapper


def guard_sign_in() -> None:
    """Require a CSRF token from forms, and from clients with a session. Raises Forbidden."""
    has_session = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    if request.mimetype == FORM or (has_session and "Authorization" not in request.headers):
        guard()


def guard() -> None:
    """Check the CSRF token of a write, and that no other site caused the request. Raises Forbidden.

    With TLS, browsers send a header about the site that caused the request, so that check works even if a
    proxy has changed the name of our host.
    """
    try:
        if request.headers.get("Sec-Fetch-Site", "same-origin").lower() not in OWN_PAGES:
            raise CSRFError("sent by another site")
        csrf.protect()
    except CSRFError:
        raise Forbidden(
            "The form has grown old or came from elsewhere. Reload the page and try again."
        ) from None


def start_session(given: Session) -> None:
    """Put the token into a new browser session. An older session becomes void."""
    # The cookie interface of plain Flask has no identifier to renew.
    if renew := getattr(current_app.session_interface, "regenerate", None):
        renew(session)
    session.clear()
    session.permanent = True
    session["token"] = given.token


def current_reader() -> Reader:
    """Return the reader of a view behind `signed_in`."""
    reader: Reader = g.reader
    return reader


def local_path(target: str | None) -> str:
    """Return `target` if it is a path on this site, else the first page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    safe = not parts.scheme and not parts.netloc and target.isprintable() and "\\" not in target
    return target if safe else "/"


def unauthorized(message: str) -> Unauthorized:
    """Make the error that requires a token."""
    return Unauthorized(message, www_authenticate=WWWAuthenticate("bearer"))
