"""A browser without scripts: pages, forms, a cookie and the CSRF token that goes with it."""

from collections.abc import Iterator
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from requests import Response

from tests.support.client import PASSWORD, Client, new_name
from tests.support.responses import expect

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
COOKIE = "session"
"""The beginning of the name of the session cookie."""


class Browser(Client):
    """Requests pages and keeps cookies."""

    def __init__(self, url: str, source: str | None = None) -> None:
        super().__init__(url, source=source)
        self.session.headers["Accept"] = ACCEPT
        self.username = ""

    def page(self, path: str, status: int = 200, **query: Any) -> BeautifulSoup:
        """Return the parsed page at `path`."""
        return parse(expect(self.get(path, params=query), status))

    def form_token(self, path: str = "/login") -> str:
        """Return the CSRF token of the form on a page."""
        field = self.page(path).select_one("form input[name=csrf_token]")
        assert field is not None, f"{path} has no form with a csrf_token"
        return str(field["value"])

    def page_token(self, path: str = "/") -> str:
        """Return the CSRF token that a signed-in reader's page has for its scripts."""
        meta = self.page(path).select_one("meta[name=csrf-token]")
        assert meta is not None, f"{path} has no csrf-token"
        return str(meta["content"])

    def submit(self, path: str, fields: dict[str, str], token: str | None = None) -> Response:
        """Fill in the form at `path` and send it."""
        return self.post(path, data={**fields, "csrf_token": token or self.form_token(path)})

    def sign_up(self) -> Response:
        """Become a member through the form, which signs in, too."""
        self.username = new_name()
        return expect(self.submit("/signup", {"username": self.username, "password": PASSWORD}), 303)

    def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> Response:
        """Send the form with a name and a password."""
        return self.submit("/login", {"username": username, "password": password, **more})

    @property
    def cookie(self) -> str | None:
        """Return the session cookie."""
        return next((cookie.value for cookie in self._session_cookies()), None)

    @property
    def cookie_name(self) -> str:
        """Return the name of the session cookie, which must exist."""
        return next(cookie.name for cookie in self._session_cookies())

    def _session_cookies(self) -> Iterator[Cookie]:
        return (cookie for cookie in self.session.cookies if cookie.name.startswith(COOKIE))

    def leads_to(self, response: Response) -> str:
        """Return the path of a redirect, as browsers read it. Raises AssertionError for another site."""
        # https://url.spec.whatwg.org: tabs and newlines are dropped, a backslash is a slash.
        location = response.headers["Location"].strip().replace("\\", "/")
        target = urlsplit(urljoin(self.url + "/", location.translate(dict.fromkeys(map(ord, "\t\r\n")))))
        assert f"{target.scheme}://{target.netloc}" == self.url, (
            f"leads away: {response.headers['Location']!r}"
        )
        return target.path + (f"?{target.query}" if target.query else "")


def parse(response: Response) -> BeautifulSoup:
    """Parse a page. Raises AssertionError if it is not HTML."""
    assert response.headers["Content-Type"].startswith("text/html"), response.headers
    return BeautifulSoup(response.text, "html.parser")


def posts_on(page: BeautifulSoup) -> list[str]:
    """Return the ids of the posts whose titles are links on a page, in its order."""
    links = [str(link["href"]) for link in page.select("main h1 a[href], main h2 a[href], main h3 a[href]")]
    return [link.removeprefix("/posts/") for link in links if link.startswith("/posts/")]
