"""Health, metrics, the OpenAPI document and the page to try it."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from tests.support.browser import Browser
from tests.support.client import Client
from tests.support.corpus import Corpus
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error
from tests.support.shared_step import SharedStep

REQUESTS = "http_requests"
OPERATIONS = {
    *(("get", path) for path in ("/", "/posts/{id}", "/search", "/recommended", "/images/{id}")),
    *(("get", path) for path in ("/me", "/tags", "/tags/{tag}", "/health/live", "/health/ready", "/metrics")),
    *(("get", path) for path in ("/likes", "/hidden")),
    *(("post", path) for path in ("/signup", "/login", "/logout", "/posts/{id}/share", "/posts/{id}/unhide")),
    *(
        (verb, f"/posts/{{id}}/{path}")
        for verb in ("put", "delete")
        for path in ("tags/{tag}", "like", "hide")
    ),
}
OUTSIDE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//([^/"')\s]+)""")


def counted(client: Client) -> float:
    text = expect(client.get("/metrics"), 200).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families[REQUESTS].type == "counter"
    return sum(sample.value for sample in families[REQUESTS].samples if sample.name.endswith("_total"))


def test_face_is_live(visitor: Client) -> None:
    assert visitor.json("/health/live") == {"_status": "OK"}


def test_readiness_names_the_parts(visitor: Client) -> None:
    body = visitor.json("/health/ready")
    assert body["_status"] == "OK"
    assert body["parts"]
    assert set(body["parts"].values()) == {"ok"}


def test_all_posts_were_found_once_it_was_ready(shared: SharedStep | None) -> None:
    if shared is None:
        pytest.skip("the step runs already")
    assert shared.found_at_start == len(shared.posts)


@pytest.mark.parametrize("accept", ["text/plain", "text/html", "*/*", "application/openmetrics-text"])
def test_probe_gets_the_health_whatever_it_accepts(visitor: Client, accept: str) -> None:
    for path in ("/health/live", "/health/ready"):
        response = expect(visitor.get(path, headers={"Accept": accept, "Authorization": "Bearer wrong"}), 200)
        assert response.json()["_status"] == "OK"


def test_requests_are_counted(visitor: Client) -> None:
    before = counted(visitor)
    for _ in range(12):
        expect(visitor.get("/health/live"), 200)

    def check() -> None:
        assert counted(visitor) >= before + 12

    eventually(check)


def test_unknown_paths_add_few_metrics(visitor: Client) -> None:
    def series() -> int:
        text = expect(visitor.get("/metrics"), 200).text
        return sum(len(family.samples) for family in text_string_to_metric_families(text))

    def send_requests(number: int) -> None:
        expect_error(visitor.get(f"/nothing-{number}"), 404)
        expect_error(visitor.get(f"/posts/t3_zzzzzz{number}"), 404)
        expect_error(visitor.request(f"BREW{number}", "/"), 405)

    send_requests(0)
    series()
    before = series()
    for number in range(1, 20):
        send_requests(number)
    assert series() == before


def test_metrics_are_in_prometheus_text(visitor: Client) -> None:
    response = expect(visitor.get("/metrics"), 200)
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert list(text_string_to_metric_families(response.text))


def test_the_document_is_valid_openapi_3_1(visitor: Client) -> None:
    document = visitor.json("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_document_has_every_route_of_the_contract(visitor: Client) -> None:
    paths = visitor.json("/openapi.json")["paths"]
    found = {(method, path) for path, item in paths.items() for method in item}
    assert found >= OPERATIONS


def test_every_operation_of_the_document_exists(visitor: Client, corpus: Corpus) -> None:
    paths = visitor.json("/openapi.json")["paths"]
    for path, item in paths.items():
        if "{command}" in path:  # there is one only after a command
            continue
        address = path.format(id=corpus.rich[0].post_id, tag="river")
        for method in set(item) & {"get", "post", "put", "delete", "patch"}:
            response = visitor.request(method.upper(), address)
            assert response.status_code not in (404, 405) or "images" in path, f"{method} {path}"
            assert str(response.status_code) in item[method]["responses"], (
                f"{method} {path}: {response.status_code}"
            )


def test_docs_page_loads_from_nowhere_else(browser: Browser) -> None:
    page = browser.page("/docs")
    assert not page.select("script:not([src])")
    addresses = {
        str(each.get("src") or each.get("href")) for each in page.select("script[src], link[href], img[src]")
    }
    assert any(address.endswith(".js") for address in addresses)
    for address in addresses:
        assert urlsplit(urljoin(browser.url, address)).netloc == urlsplit(browser.url).netloc, address
        asset = expect(browser.get(address), 200)
        if address.endswith(".css"):
            assert OUTSIDE.findall(asset.text) == []


def test_docs_page_shows_the_document(browser: Browser) -> None:
    page = browser.page("/docs")
    scripts = [browser.get(str(each["src"])).text for each in page.select("script[src]")]
    assert any("/openapi.json" in text for text in [str(page), *scripts])
