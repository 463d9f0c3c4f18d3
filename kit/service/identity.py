"""Identify the reader of a request by the bearer token, which another service has signed."""

from collections.abc import Callable

from eve.auth import BasicAuth
from flask import Flask, current_app, g, request

from kit.http.authorization import bearer_token, is_for_a_proxy
from kit.http.operations import operation_of
from kit.http.problems import SignedOut
from kit.tokens import Claims, Verifier

OPEN = ("/health/", "/metrics", "/docs", "/openapi.json", "/.well-known/")
"""Addresses for clients that need not identify themselves."""


class ReaderAuth(BasicAuth):  # type: ignore[misc]
    """Gives Eve the reader that `identify` found, for methods that are not public and for readers' own
    resources.
    """

    def authorized(self, allowed_roles: list[str], resource: str, method: str) -> bool:
        """Return whether the request has a reader, or needs none, as HEAD does where GET is public."""
        if g.reader is None:
            kind = "public_methods" if str(request.endpoint).endswith("|resource") else "public_item_methods"
            return method in ("HEAD", "OPTIONS") and "GET" in current_app.config["DOMAIN"][resource][kind]
        self.set_request_auth_value(g.reader.username)
        return True

    def authenticate(self) -> None:
        """Require a token. Raises SignedOut."""
        raise SignedOut("Sign in first.")


def identify(
    app: Flask, readers: Verifier | None, services: Verifier | None, revoked: Callable[[str], bool]
) -> None:
    """Before each request of `app`, set `g.reader` to the Claims of its token, or to None without a token.

    For verbs that only other services may use, set `g.caller` instead.

    A request with a malformed, expired or revoked token gets 401 at any address.
    """

    @app.before_request
    def check() -> None:
        g.reader = g.caller = None
        authorization = request.environ.get("HTTP_AUTHORIZATION")
        if authorization is None or request.path.startswith(OPEN) or is_for_a_proxy(authorization):
            return
        verb = operation_of(app, request.endpoint)
        is_for_services = verb is not None and verb.service
        verifier = services if is_for_services else readers
        token = bearer_token(authorization)
        claims: Claims | None = verifier.verify(token) if verifier and token else None
        if claims is None or (not is_for_services and revoked(claims.token_id)):
            raise SignedOut("This token is not valid, or no longer. Sign in for a new one.")
        if is_for_services:
            g.caller = claims
        else:
            g.reader = claims
