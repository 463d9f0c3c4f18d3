"""Session cookies."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class SecureOverTls:
    """Of session interfaces: the cookie never travels without TLS once it has come with it."""

    def get_cookie_secure(self, _app: Flask) -> bool:
        """Say whether the browser may send it by https only: where the request came so."""
        return request.is_secure


class CookieSessions(SecureOverTls, SecureCookieSessionInterface):
    """Sessions that are nothing but a signed cookie."""
