"""A thin HTTP client: a script or a phone that speaks JSON to the face."""

import os
import secrets
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.support.responses import describe, expect

BEHIND_A_PROXY = "CONTRACT_BEHIND_A_PROXY"
"""Set where connections do not show a client's address, as behind Docker's bridge. Then clients say in
headers what a proxy would, and the face must trust the address that it sees.
"""

TIMEOUT = 30.0
PASSWORD = "stepping on nine stones"


class Client:
    """Sends requests with `token` or without, from the loopback address `source` if given."""

    def __init__(self, url: str, token: str | None = None, source: str | None = None) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept"] = "application/json"
        if token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"
        if os.environ.get(BEHIND_A_PROXY):
            self.session.mount("http://", _BehindAProxy(source or "127.0.0.1"))
        elif source is not None:
            self.session.mount("http://", _FromAddress(source))

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Return the response without following redirects. `options` are those of requests."""
        return self.session.request(
            method, urljoin(self.url + "/", path), **{"timeout": TIMEOUT, "allow_redirects": False, **options}
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    def json(self, path: str, **query: Any) -> Any:
        """Return the body of a response with 200."""
        return expect(self.get(path, params=query), 200).json()

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return the items of one page of a collection."""
        found: list[dict[str, Any]] = self.json(path, **query)["_items"]
        return found

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Return all pages of a collection, by its links."""
        body = self.json(path, **query)
        yield body
        while following := body["_links"].get("next"):
            body = self.json("/" + following["href"].lstrip("/"))
            yield body

    def all_items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return the items of all pages."""
        return [item for page in self.pages(path, max_results=50, **query) for item in page["_items"]]


class Reader(Client):
    """A member, signed in with a token of their own."""

    def __init__(self, url: str, username: str, token: str) -> None:
        super().__init__(url, token)
        self.username = username
        self.token = token


def new_name() -> str:
    """Return a username that nobody has."""
    return f"r_{secrets.token_hex(8)}"


def sign_up(url: str, username: str | None = None, password: str = PASSWORD, **more: Any) -> str:
    """Make a member, and return the username."""
    name = username or new_name()
    expect(Client(url).post("/signup", json={"username": name, "password": password, **more}), 201)
    return name


def sign_in(url: str, username: str, password: str = PASSWORD) -> str:
    """Return a new token."""
    response = Client(url).post("/login", json={"username": username, "password": password})
    token: str = expect(response, 200).json()["token"]
    assert token, describe(response)
    return token


def new_reader(url: str) -> Reader:
    """Return a member that no other test uses."""
    name = sign_up(url)
    return Reader(url, name, sign_in(url, name))


def other_address() -> str:
    """Return a loopback address that no other test uses; skip the test if there is only 127.0.0.1 (macOS)."""
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}"
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            pytest.skip("needs a second loopback address, which this system has not")
    return address


class _BehindAProxy(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        given = request.headers.get("X-Forwarded-For")
        request.headers["X-Forwarded-For"] = f"{given}, {self._address}" if given else self._address
        request.headers["X-Forwarded-Proto"] = "http"
        return super().send(request, **options)


class _FromAddress(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, source_address=(self._address, 0))
