"""Which proxies may say from where a request comes."""

from typing import Any

import pytest
from flask import Flask, request

from kit.http.proxies import TrustedProxies, trust_forwarded_headers

TRUSTED = "127.0.0.1, 10.0.0.0/8, ::1"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        ("::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("10.9.9.9", "203.0.113.7:8080", "203.0.113.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7, unknown", "127.0.0.1"),
        ("127.0.0.2", "203.0.113.7", "127.0.0.2"),
        ("203.0.113.9", "203.0.113.7", "203.0.113.9"),
        ("", "203.0.113.7", ""),
    ],
)
def test_client_is_the_last_address_that_is_no_proxy(peer: str, forwarded_for: str, client: str) -> None:
    assert TrustedProxies(TRUSTED).client(peer, forwarded_for) == client


@pytest.mark.parametrize("given", ["localhost", "127.0.0.1;::1", "10.0.0.0/64", "*"])
def test_invalid_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="TRUSTED_PROXIES takes addresses"):
        TrustedProxies(given)


@pytest.mark.parametrize(
    ("trusted", "expected"), [("", ("127.0.0.1", "http")), (TRUSTED, ("203.0.113.7", "https"))]
)
def test_only_trusted_proxies_set_address_and_scheme(trusted: str, expected: Any) -> None:
    app = Flask(__name__)

    @app.get("/")
    def show() -> list[Any]:
        return [request.remote_addr, request.scheme, request.headers.get("Authorization")]

    app.wsgi_app = trust_forwarded_headers(app.wsgi_app, TrustedProxies(trusted))  # type: ignore[assignment, method-assign]
    headers = {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
        "X-Forwarded-Proto": "http, HTTPS",
        "X-Forwarded-Host": "elsewhere.example",
        "Authorization": "Basic dTpw",
    }
    assert app.test_client().get("/", headers=headers).json == [*expected, None]
    token = {"Authorization": "Bearer a"}
    assert app.test_client().get("/", headers=token).json == ["127.0.0.1", "http", "Bearer a"]
