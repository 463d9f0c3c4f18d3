"""Session cookies."""

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class SecureOverTls:
    """A mixin of session interfaces: a cookie that was set over TLS is never sent without TLS."""

    def get_cookie_secure(self, _app: Flask) -> bool:
        """Return whether the browser may send the cookie by https only: if the request came by https."""
        return request.is_secure


class CookieSessions(SecureOverTls, SecureCookieSessionInterface):
    """Sessions that are nothing but a signed cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open the request's session; a new one at once if there is no cookie to verify."""
        return super().open_session(app, request) if request.cookies else self.session_class()
