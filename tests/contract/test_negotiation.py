"""JSON or HTML at the same address, as the header `Accept` requests."""

import pytest

from tests.support.accept_headers import HTML_RATHER, JSON_RATHER, NEITHER
from tests.support.browser import ACCEPT, Browser, parse
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.responses import check_error_shape, expect, expect_error

pytestmark = pytest.mark.face

PATHS = (
    "/",
    "/search?q=stone",
    "/recommended",
    "/posts/{id}",
    "/me",
    "/tags",
    "/tags/river",
    "/likes",
    "/hidden",
)


@pytest.mark.parametrize("accept", JSON_RATHER)
def test_programs_get_json(visitor: Client, corpus: Corpus, accept: str) -> None:
    response = expect(visitor.get("/", headers={"Accept": accept}), 200)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["_items"]


def test_json_is_the_default(visitor: Client, corpus: Corpus) -> None:
    response = expect(visitor.get("/", headers={"Accept": None}), 200)
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("accept", (ACCEPT, *HTML_RATHER))
def test_browsers_get_html(visitor: Client, corpus: Corpus, accept: str) -> None:
    parse(expect(visitor.get("/", headers={"Accept": accept}), 200))


@pytest.mark.parametrize("accept", NEITHER)
def test_other_media_types_are_not_acceptable(visitor: Client, accept: str) -> None:
    expect_error(visitor.get("/", headers={"Accept": accept}), 406)


@pytest.mark.parametrize("path", PATHS)
def test_every_address_has_json_and_html(regular: Reader, corpus: Corpus, path: str) -> None:
    address = path.format(id=corpus.rich[0].post_id)
    program, page = (regular.get(address, headers={"Accept": accept}) for accept in (JSON_RATHER[0], ACCEPT))
    assert isinstance(expect(program, 200).json(), dict)
    assert parse(expect(page, 200)).select_one("main")
    expect_error(regular.get(address, headers={"Accept": "text/plain"}), 406)
    for response in (program, page):
        varying = {each.strip().lower() for each in response.headers["Vary"].split(",")}
        assert {"accept", "cookie", "authorization"} <= varying


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/?page=0", 400), ("/posts/t3_zzzzzzzzzzz", 404), ("/search", 400)],
)
def test_errors_are_in_json_and_html(visitor: Client, browser: Browser, path: str, status: int) -> None:
    check_error_shape(expect(visitor.get(path), status).json(), status)
    page = parse(expect(browser.get(path), status))
    message = visitor.get(path).json()["_error"]["message"]
    assert message in page.get_text()


def test_write_responds_in_no_other_type(regular: Reader, post: str) -> None:
    expect_error(regular.put(f"/posts/{post}/like", headers={"Accept": "text/plain"}), 406)
    assert regular.json(f"/posts/{post}")["liked"] is False
