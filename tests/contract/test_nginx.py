"""A face behind nginx, configured as in the README: TLS, compressed responses, and perhaps a password."""

from collections.abc import Iterator

import pytest
from requests import Response

from tests.contract.face import Face
from tests.support.browser import Browser
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.nginx import Nginx, nginx
from tests.support.responses import expect

pytestmark = [pytest.mark.face, pytest.mark.nginx]

PASSWORD = ("aladdin", "open sesame")


@pytest.fixture(scope="module")
def proxy(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(face.url, tmp_path_factory.mktemp("nginx")) as made:
        yield made


@pytest.fixture(scope="module")
def closed_proxy(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """An nginx that requires a password, and does not forward the host, which is its default."""
    folder = tmp_path_factory.mktemp("nginx")
    file = folder / "htpasswd"
    file.write_text(f"{PASSWORD[0]}:{{PLAIN}}{PASSWORD[1]}\n")
    changes = {
        "# auth_basic ": "auth_basic ",
        "# auth_basic_user_file /etc/nginx/stones.htpasswd": f"auth_basic_user_file {file}",
        "        proxy_set_header Host $http_host;\n": "",
    }
    with nginx(face.url, folder, changes) as made:
        yield made


def browser_of(proxy: Nginx) -> Browser:
    """Return a browser that sends Referer and Origin as real ones do."""
    browser = Browser(proxy.url)
    proxy.trust_certificate(browser)
    browser.session.headers.update({"Referer": f"{proxy.url}/login", "Sec-Fetch-Site": "same-origin"})
    return browser


def check_session(browser: Browser, username: str, post: str) -> Response:
    """Sign in, like a post, and sign out; return the first response."""
    response = expect(browser.sign_in(username), 303)
    assert browser.leads_to(response) == "/"
    as_json = {"Accept": "application/json", "X-CSRFToken": browser.page_token()}
    assert expect(browser.put(f"/posts/{post}/like", headers=as_json), 200).json()["liked"] is True
    assert expect(browser.get("/me", headers=as_json), 200).json()["username"] == username
    expect(browser.submit("/logout", {}, token=as_json["X-CSRFToken"]), 303)
    assert browser.leads_to(expect(browser.get("/me"), 303)).startswith("/login")
    return response


def test_a_browser_signs_in_and_out(proxy: Nginx, regular: Reader, post: str) -> None:
    cookie = check_session(browser_of(proxy), regular.username, post).headers["Set-Cookie"]
    assert {"secure", "httponly"} <= {each.strip().lower() for each in cookie.split(";")}


def test_browser_signs_in_and_out_behind_a_password(closed_proxy: Nginx, regular: Reader, post: str) -> None:
    browser = browser_of(closed_proxy)
    assert expect(browser.get("/"), 401).headers["WWW-Authenticate"].startswith("Basic")
    browser.session.auth = PASSWORD
    expect(browser.get("/"), 200)
    check_session(browser, regular.username, post)


def test_compressed_response_keeps_its_etag(proxy: Nginx, corpus: Corpus) -> None:
    client, path = proxy.trust_certificate(Client(proxy.url)), f"/posts/{corpus.rich[0].post_id}"
    response = expect(client.get(path, headers={"Accept-Encoding": "gzip"}), 200)
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["ETag"].startswith("W/")
    assert {"accept", "accept-encoding"} <= {
        each.strip().lower() for each in response.headers["Vary"].split(",")
    }
    expect(client.get(path, headers={"If-None-Match": response.headers["ETag"]}), 304)


def test_program_uses_a_token(proxy: Nginx, regular: Reader, post: str) -> None:
    client = proxy.trust_certificate(Client(proxy.url, regular.token))
    assert client.json("/me")["username"] == regular.username
    expect(client.put(f"/posts/{post}/tags/proxied"), 200)
    assert expect(client.post("/login", data=b"x" * 65_537), 413).json()["_status"] == "ERR"
