"""The headers of every response."""

import pytest

from tests.support.client import Client, Reader
from tests.support.corpus import Corpus

pytestmark = pytest.mark.face

PATHS = (
    *(
        "/",
        "/search?q=a",
        "/recommended",
        "/posts/{id}",
        "/images/{id}",
        "/login",
        "/me",
        "/tags",
        "/nothing",
        "/?page=0",
    ),
    *("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs"),
)


@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/plain"])
@pytest.mark.parametrize("path", PATHS)
def test_responses_have_security_headers(visitor: Client, corpus: Corpus, path: str, accept: str) -> None:
    headers = visitor.get(path.format(id=corpus.rich[0].post_id), headers={"Accept": accept}).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in (
        "same-origin",
        "no-referrer",
        "strict-origin",
        "strict-origin-when-cross-origin",
    )
    policy = {each.split()[0]: each.split()[1:] for each in headers["Content-Security-Policy"].split(";")}
    assert policy["default-src"] == ["'self'"]
    assert policy.get("frame-ancestors") == ["'none'"] or headers["X-Frame-Options"] == "DENY"
    scripts = policy.get("script-src", policy["default-src"])
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"} & set(scripts)
    if headers["Content-Type"].startswith("text/html") and path != "/docs":
        assert "'unsafe-inline'" not in policy.get("style-src", [])


def test_writes_have_security_headers(regular: Reader, post: str) -> None:
    for response in (
        regular.put(f"/posts/{post}/like"),
        regular.put(f"/posts/{post}/tags/NO"),
        regular.post("/login"),
    ):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PATHS)
def test_no_other_site_may_read_responses(visitor: Client, corpus: Corpus, path: str) -> None:
    address = path.format(id=corpus.rich[0].post_id)
    headers = visitor.get(address, headers={"Origin": "https://evil.example"}).headers
    assert "Access-Control-Allow-Origin" not in headers
