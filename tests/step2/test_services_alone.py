"""Each service responds by itself: probes, its OpenAPI document, and its verb for signed-in readers."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families
from requests import Response

from step2_services.sync.relations import RELATIONS
from tests.step2.running_parts import SERVICES, Parts
from tests.support.client import Client, Reader, new_name
from tests.support.responses import expect, expect_error, expect_message, expect_unauthorized

HEADERS = ("X-Content-Type-Options", "X-Request-ID")
OWN = {
    "hide": ("PUT", "/posts/{post}/hide"),
    "images": ("GET", "/images/{pictured}"),
    "like": ("PUT", "/posts/{post}/like"),
    "members": ("GET", "/me"),
    "posts": ("GET", "/posts/{post}"),
    "recommend": ("GET", "/recommended"),
    "search": ("GET", "/search?q={word}"),
    "share": ("POST", "/posts/{post}/share"),
    "sync": ("GET", "/relations"),
    "tag": ("PUT", "/posts/{post}/tags/{tag}"),
}
"""The own verb of each service."""

FOR_READERS = ("hide", "like", "members", "share", "tag")
COLLECTIONS = {
    "hide": "/marks",
    "images": "/pictures",
    "like": "/marks",
    "members": "/me",
    "posts": "/posts",
    "recommend": "/posts",
    "search": "/search?q=stone",
    "share": "/shares",
    "sync": "/relations",
    "tag": "/marks",
}
OWNS = sorted({(relation.owner, relation.what) for relation in RELATIONS})
TAKES = sorted({(relation.taker, relation.what) for relation in RELATIONS})
FOR_SERVICES = [
    *((owner, "GET", f"/changes/{what}") for owner, what in OWNS),
    *((taker, method, f"/copies/{what}") for taker, what in TAKES for method in ("GET", "PUT", "DELETE")),
]


@pytest.fixture(scope="module")
def reader(parts: Parts) -> Reader:
    return parts.new_member()


def client_of(parts: Parts, service: str, reader: Reader) -> Client:
    """Return a reader's client of a service; sync knows no readers."""
    return Client(parts.url(service)) if service == "sync" else parts.reader_at(service, reader)


def do_own(parts: Parts, service: str, client: Client, suffix: str = "") -> Response:
    """Send the request of a service's own verb."""
    method, path = OWN[service]
    names = {"post": parts.posts[0].post_id, "pictured": parts.pictured.post_id, "word": parts.word}
    body = {"to": f"{new_name()}@example.org", "note": "alone"} if service == "share" else None
    return client.request(method, path.format(**names, tag="alone") + suffix, json=body)


@pytest.mark.parametrize("service", SERVICES)
class TestEach:
    def test_service_is_live_and_ready(self, parts: Parts, service: str) -> None:
        client = Client(parts.url(service))
        assert client.json("/health/live") == {"_status": "OK"}
        content = client.json("/health/ready")
        assert content["_status"] == "OK"
        assert "mongodb" in content["parts"]
        assert set(content["parts"].values()) == {"ok"}
        assert ("smtp" in content["parts"]) == (service == "share")

    def test_service_counts_its_requests(self, parts: Parts, service: str) -> None:
        client = Client(parts.url(service))
        client.json("/health/live")
        text = expect(client.get("/metrics"), 200).text
        families = {family.name: family for family in text_string_to_metric_families(text)}
        assert families["http_requests"].type == "counter"
        assert any(each.labels["route"] == "/health/live" for each in families["http_requests"].samples)

    def test_service_has_an_openapi_document(self, parts: Parts, service: str) -> None:
        document = Client(parts.url(service)).json("/openapi.json")
        assert document["openapi"].startswith("3.1")
        assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
        verbs = {(method, path) for path, item in document["paths"].items() for method in item}
        method, path = OWN[service]
        shape = path.partition("?")[0].replace("{post}", "{*}").replace("{pictured}", "{*}")
        found = {
            (each, "/".join("{*}" if part.startswith("{") else part for part in known.split("/")))
            for each, known in verbs
        }
        assert (method.lower(), shape.replace("{tag}", "{*}")) in found

    def test_service_has_a_docs_page(self, parts: Parts, service: str) -> None:
        page = expect(Client(parts.url(service)).get("/docs", headers={"Accept": "text/html"}), 200)
        assert page.headers["Content-Type"].startswith("text/html")
        assert "openapi.json" in page.text

    def test_home_names_the_service_and_its_version(self, parts: Parts, service: str) -> None:
        home = Client(parts.url(service)).json("/")
        assert home["title"].lower() == service
        assert home["version"] == ("v2" if service == "search" else "v1")
        for link in ("docs", "describedby"):
            expect(Client(parts.url(service)).get("/" + home["_links"][link]["href"]), 200)

    def test_service_does_its_own_verb(self, parts: Parts, reader: Reader, service: str) -> None:
        response = expect(do_own(parts, service, client_of(parts, service, reader)), 200, 201)
        if service in ("posts", "search", "recommend", "sync"):
            assert parts.word in response.text or service in ("recommend", "sync")
            assert response.json()

    def test_identity_is_required_where_it_matters(self, parts: Parts, service: str) -> None:
        response = do_own(parts, service, Client(parts.url(service)))
        if service in FOR_READERS:
            expect_unauthorized(response)
        else:
            expect(response, 200)
        for token in ("garbage", parts.sync_token()):
            response = do_own(parts, service, Client(parts.url(service), token))
            expect_unauthorized(response)

    def test_response_names_the_instance(self, parts: Parts, service: str) -> None:
        # Another instance may have replaced it meanwhile.
        served = r"search-v2(-\d+)? v2" if service == "search" else rf"{service}(-\d+)? v1"
        client = Client(parts.url(service))
        for path in ("/health/live", COLLECTIONS[service], "/nothing"):
            assert re.fullmatch(served, client.get(path).headers["Served-By"])

    def test_unknown_parameters_are_refused(self, parts: Parts, reader: Reader, service: str) -> None:
        client = client_of(parts, service, reader)
        for path in (COLLECTIONS[service], OWN[service][1]):
            suffix = ("&" if "?" in path else "?") + "nonsense=1"
            if path == COLLECTIONS[service]:
                expect_message(client.get(path + suffix), 400, "nonsense")
            else:
                expect_message(do_own(parts, service, client, suffix), 400, "nonsense")

    def test_unknown_paths_and_methods_are_refused(self, parts: Parts, reader: Reader, service: str) -> None:
        client = client_of(parts, service, reader)
        expect_error(client.get("/nothing"), 404)
        expect_error(client.request("BREW", "/"), 405)
        response = client.get("/nothing")
        assert all(name in response.headers for name in HEADERS)


@pytest.mark.parametrize(("service", "method", "path"), FOR_SERVICES)
def test_readers_and_visitors_get_no_changes_and_no_copies(
    parts: Parts, reader: Reader, service: str, method: str, path: str
) -> None:
    body = {"base": None, "cursor": "c", "put": [], "remove": []} if method == "PUT" else None
    for client in (
        Client(parts.url(service)),
        parts.reader_at(service, reader),
        Client(parts.url(service), "garbage"),
    ):
        expect_unauthorized(client.request(method, path, json=body))


@pytest.mark.parametrize(("owner", "what"), OWNS)
def test_token_of_sync_reads_changes(parts: Parts, owner: str, what: str) -> None:
    content = Client(parts.url(owner), parts.sync_token()).json(f"/changes/{what}", most=2)
    fields = {"_id", *(name for each in RELATIONS if each.what == what for name in each.fields)}
    assert set(content) == {"put", "remove", "range", "cursor", "more", "until", "left_out"}
    assert len(content["put"]) <= 2
    if what == "posts":
        always = fields - {"words"}  # which only languages without spaces have
        assert all(set(document) >= always for document in content["put"])
    else:
        assert all(set(document) <= fields for document in content["put"])


@pytest.mark.parametrize(("taker", "what"), TAKES)
def test_token_of_sync_reads_cursors(parts: Parts, taker: str, what: str) -> None:
    content = Client(parts.url(taker), parts.sync_token()).json(f"/copies/{what}")
    assert content["cursor"].startswith("changes:")


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "sync"])
def test_service_without_changes_and_copies_refuses_sync(parts: Parts, service: str) -> None:
    client = Client(parts.url(service), parts.sync_token())
    expect_error(client.get("/changes/nothing"), 404)
    expect_error(client.get("/copies/nothing"), 404)
