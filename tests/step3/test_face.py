"""The headers that the web face sends to the gateway with its pages, and that clients do not get."""

import pytest
import requests
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from tests.step3.running_parts import Parts
from tests.support.browser import Browser
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_unauthorized

INSIDE = ("Depends-On", "Command", "Gaps", "Command-Wait")
HTML = {"Accept": "text/html"}
OF_OTHERS = ("/api", "/health", "/metrics", "/registry")
"""Routes that services, the workshop and this test use."""


@pytest.fixture
def web(parts: Parts) -> Client:
    """A client of an instance of the web face, without the gateway."""
    return Client(parts.stage.registry()["web"]["url"])


@pytest.fixture
def browser(parts: Parts) -> Browser:
    return Browser(parts.face)


@pytest.mark.parametrize(
    ("path", "depends_on"),
    [
        ("/", "list.posts"),
        ("/?page=2&max_results=5", "list.posts"),
        ("/posts/{post}", "list.posts"),
        ("/search?q={word}", "search.posts"),
        ("/recommended?topic={topic}", "recommend.posts"),
        ("/images/{pictured}", "images.posts"),
    ],
)
def test_visitors_pages_name_their_domains_and_can_be_cached(
    parts: Parts, web: Client, path: str, depends_on: str
) -> None:
    address = path.format(
        post=parts.posts[0].post_id, word=parts.word, topic=parts.topic, pictured=parts.pictured.post_id
    )
    for headers in (HTML, {}):
        response = expect(web.get(address, headers=headers), 200)
        assert response.headers["Depends-On"] == depends_on
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_page_with_a_csrf_token_is_not_cached(web: Client, path: str) -> None:
    response = expect(web.get(path, headers=HTML), 200)
    assert "Depends-On" not in response.headers
    assert "Set-Cookie" in response.headers


@pytest.mark.parametrize("path", ["/", "/recommended", "/tags", "/me"])
def test_readers_page_is_not_cached(web: Client, member: Reader, path: str) -> None:
    response = expect(Client(web.url, member.token).get(path), 200)
    assert "Depends-On" not in response.headers


def test_json_is_there_while_the_web_face_stands_still(parts: Parts) -> None:
    (web_face,) = parts.stage.processes("web")
    post, pictured = parts.posts[4].post_id, parts.pictured.post_id
    web_face.suspend()
    try:
        member = parts.new_member()  # signs up and in
        for path in ("/", f"/search?q={parts.word}", "/recommended", f"/posts/{post}", f"/images/{pictured}"):
            expect(Client(parts.face).get(path), 200)
            expect(member.get(path), 200)
        for path in (f"/posts/{post}/tags/still", f"/posts/{post}/like", f"/posts/{post}/hide"):
            expect(member.put(path), 200)
        expect(member.post(f"/posts/{post}/share", json={"to": "friend@example.org", "note": ""}), 201)
        for path in ("/tags", "/tags/still", "/likes", "/hidden", "/me"):
            expect(member.get(path), 200)
        expect(member.post("/logout"), 204)
        expect_unauthorized(member.get("/"))
    finally:
        web_face.resume()
    eventually(lambda: expect(Client(parts.face).get("/health/ready"), 200))


def test_page_takes_one_request_to_the_gateway(parts: Parts, browser: Browser) -> None:
    def requests_to_the_gateway() -> float:
        gateway = parts.stage.registry()["gateway"]["url"]
        families = text_string_to_metric_families(expect(Client(gateway).get("/metrics"), 200).text)
        counted = [
            each
            for family in families
            for each in family.samples
            if each.name == "http_requests_total" and not each.labels["route"].startswith(OF_OTHERS)
        ]
        return sum(each.value for each in counted)

    browser.sign_up()
    for path in ("/", f"/search?q={parts.word}", "/recommended", "/me"):
        before = requests_to_the_gateway()
        expect(browser.get(path), 200)
        assert requests_to_the_gateway() - before == 1, path


def test_error_is_not_cached(web: Client) -> None:
    assert "Depends-On" not in expect(web.get("/posts/t3_nothing"), 404).headers


def test_response_names_the_command(parts: Parts, web: Client, member: Reader) -> None:
    post = parts.posts[1].post_id
    at_web = Client(web.url, member.token)
    for revision, method in ((1, "PUT"), (2, "DELETE"), (3, "PUT")):
        response = expect(at_web.request(method, f"/posts/{post}/like"), 200)
        assert response.headers["Command"] == f"like:{revision}:{member.username}:{post}"
    tagged = expect(at_web.put(f"/posts/{post}/tags/red"), 200)
    assert tagged.headers["Command"] == f"tag:1:{member.username}:{post}"
    assert expect(at_web.post("/logout"), 204).headers["Command"].startswith("members:1:")


def test_clients_do_not_get_internal_headers(parts: Parts, member: Reader) -> None:
    post = parts.posts[2].post_id
    responses = [
        expect(Client(parts.face).get("/"), 200),
        expect(member.get("/"), 200),
        expect(member.put(f"/posts/{post}/like"), 200),
        expect(requests.get(f"{parts.face}/api/posts", timeout=30), 200),
    ]
    assert [
        (name, response.url) for response in responses for name in INSIDE if name in response.headers
    ] == []


def test_a_request_keeps_the_id_that_a_client_gave_it(member: Reader) -> None:
    given = {"X-Request-ID": "from-a-client"}
    assert expect(member.get("/", headers=given), 200).headers["X-Request-ID"] == "from-a-client"


def test_page_shows_pending_commands(parts: Parts) -> None:
    assert "/pending/pending.js" in expect(Client(parts.face).get("/", headers=HTML), 200).text


def test_document_has_what_step_3_adds(parts: Parts) -> None:
    visitor, member, post = Client(parts.face), parts.new_member(), parts.posts[3].post_id
    document = visitor.json("/openapi.json")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    validator = Draft202012Validator({**document, "$ref": "#/components/schemas/AcceptedCommand"})
    shares = {"to": "friend@example.org", "note": ""}
    writes = [
        (path, method, described)
        for path, item in document["paths"].items()
        for method, described in item.items()
        if method in ("put", "post", "delete") and path not in ("/login", "/signup")
    ]
    assert len(writes) >= 9
    for path, method, described in sorted(writes, key=lambda each: each[0] == "/logout"):
        address = path.format(id=post, tag="told")
        body = {"json": shares} if path.endswith("/share") else {}
        response = member.request(method.upper(), address, headers={"Prefer": "respond-async"}, **body)
        expect(response, 202)
        assert {"$ref": "#/components/parameters/Prefer"} in described["parameters"], (path, method)
        assert described["responses"]["202"] == {"$ref": "#/components/responses/Accepted"}, (path, method)
        assert response.headers["Preference-Applied"] == "respond-async"
        assert [error.message for error in validator.iter_errors(response.json())] == []
        assert response.headers["Location"] == f"/commands/{response.json()['command']}"

    for address, path in ((response.headers["Location"], "/commands/{command}"), ("/registry", "/registry")):
        described = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        checking = Draft202012Validator({**document, **described})
        assert [error.message for error in checking.iter_errors(visitor.json(address))] == []
    for path in ("/login", "/signup", "/"):
        assert "Prefer" not in str(document["paths"][path])
