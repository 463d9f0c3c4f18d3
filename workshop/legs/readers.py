"""Readers who are signed in, at their browser or with a program. Each of their requests is a trace."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import requests

from workshop.testbed.process import NotMeasured

TIMEOUT = 60.0
PASSWORD = "stepping on the stones"  # noqa: S105 - of members of a store that is deleted
WORD = "python"
"""A word that more than a page of the bundled posts have."""

JSON: Mapping[str, str] = MappingProxyType({"Accept": "application/json"})
HTML: Mapping[str, str] = MappingProxyType({"Accept": "text/html"})
CSRF = re.compile(r'name="(?:csrf_token" value|csrf-token" content)="([^"]+)"')


@dataclass(frozen=True)
class Sent:
    """A request that was sent: its trace, and the span that the client's side of it would be."""

    trace: str = field(default_factory=lambda: secrets.token_hex(16))
    span: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def header(self) -> dict[str, str]:
        """The W3C trace context."""
        return {"traceparent": f"00-{self.trace}-{self.span}-01"}


class Program:
    """A new reader of the step at `url`, with a program that sends a token and wants JSON.

    All methods raise NotMeasured when the response is an error.
    """

    headers = JSON

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._member = {"username": f"r_{secrets.token_hex(8)}", "password": PASSWORD}
        self._sign_in()

    def posts(self) -> list[str]:
        """Return the ids of the newest posts."""
        return [each["_id"] for each in self._send("GET", "/", headers=JSON).json()["_items"]]

    def search(self) -> Sent:
        """Search for a word, in a trace."""
        return self._traced("GET", "/search", self.headers, params={"q": WORD})

    def like(self, post: str) -> Sent:
        """Like a post, in a trace."""
        return self._traced("PUT", f"/posts/{post}/like", JSON)

    def _sign_in(self) -> None:
        self._send("POST", "/signup", json=self._member, headers=JSON)
        signed_in = self._send("POST", "/login", json=self._member, headers=JSON)
        self._session.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"

    def _traced(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Sent:
        sent = Sent()
        response = self._send(method, path, headers={**headers, **sent.header}, **options)
        if response.status_code != HTTPStatus.OK:  # a like that is only accepted, for example
            raise NotMeasured(f"The response to {method} {path} is {response.status_code}, not 200.")
        return sent

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            response = self._session.request(
                method, self._url + path, timeout=TIMEOUT, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise NotMeasured(f"{method} {path} failed: {error}") from error
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise NotMeasured(f"The response to {method} {path} is {response.status_code}: {response.text}")
        return response


class Browser(Program):
    """A new reader who has signed in at the page, which keeps a session in a cookie.

    A like is sent as the page's script sends it, but without saying that the reader need not wait.
    """

    headers = HTML

    def _sign_in(self) -> None:
        form = {**self._member, "csrf_token": self._csrf_token("/signup")}
        self._send("POST", "/signup", data=form, headers=HTML)  # which signs in, too
        self._session.headers["X-CSRFToken"] = self._csrf_token("/")

    def _csrf_token(self, path: str) -> str:
        if found := CSRF.search(self._send("GET", path, headers=HTML).text):
            return found[1]
        raise NotMeasured(f"The page {path} has no CSRF token.")
