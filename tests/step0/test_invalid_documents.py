"""Invalid documents of other programs are left out and reported; everything else works."""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.errors import BulkWriteError

from kit.mongo.skipped import SKIPPED
from step0_monolith.app import create_app
from step0_monolith.monolith import MonolithStore
from step0_monolith.store import Reader
from tests.support.odd_documents import odd_marks, odd_posts, valid_posts

PASSWORD = "correct horse battery"
WORD = "zqvwxk"
JSON, HTML = {"Accept": "application/json"}, {"Accept": "text/html"}
GOOD = 60


@pytest.fixture(scope="module")
def good(store: MonolithStore) -> list[str]:
    """The ids of valid posts among many invalid ones."""
    documents = valid_posts(GOOD, text=f"{WORD} and more")
    odd = [*odd_posts(text=f"{WORD} and more")]
    store.database["posts"].insert_many([*odd[:100], *documents, *odd[100:]])
    return [each["_id"] for each in documents]


@pytest.fixture(scope="module")
def client(store: MonolithStore, good: list[str]) -> Iterator[FlaskClient]:
    app = create_app(store, secret_key=secrets.token_hex())
    yield app.test_client()


def pages(client: FlaskClient, path: str) -> Iterator[dict[str, Any]]:
    total, number = 1, 1
    while (number - 1) * 50 < total:
        joined = "&" if "?" in path else "?"
        response = client.get(f"{path}{joined}max_results=50&page={number}", headers=JSON)
        assert response.status_code == 200, response.text
        page = response.get_json()
        yield page
        total, number = page["_meta"]["total"], number + 1


@pytest.mark.parametrize("path", ["/", f"/search?q={WORD}"])
def test_all_valid_posts_are_found(client: FlaskClient, good: list[str], path: str) -> None:
    found = [post["_id"] for page in pages(client, path) for post in page["_items"]]
    assert sorted(found) == sorted(good)


@pytest.mark.parametrize("path", ["/", f"/search?q={WORD}", "/recommended"])
@pytest.mark.parametrize("accept", [JSON, HTML], ids=lambda each: each["Accept"])
def test_invalid_documents_break_no_page(client: FlaskClient, path: str, accept: dict[str, str]) -> None:
    assert client.get(path, headers=accept).status_code == 200


def test_recommendations_are_complete(client: FlaskClient, store: MonolithStore, good: list[str]) -> None:
    found = client.get("/recommended", headers=JSON).get_json()["_items"]
    assert len(found) == 12
    assert {post["_id"] for post in found} <= set(good)


def test_invalid_post_is_not_found(client: FlaskClient, store: MonolithStore, good: list[str]) -> None:
    odd = {"_id": {"$nin": good, "$type": "string"}}
    for post in store.database["posts"].find(odd, {"_id": 1}, limit=50):
        assert client.get(f"/posts/{post['_id']}", headers=JSON).status_code == 404


def test_invalid_document_is_reported_once(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    before = SKIPPED.labels("posts")._value.get()
    assert before > 100
    assert [*pages(client, "/")]
    assert SKIPPED.labels("posts")._value.get() == before
    assert "left out" not in "".join(capfd.readouterr())


def test_invalid_marks_harm_no_reader(store: MonolithStore, client: FlaskClient, good: list[str]) -> None:
    name = f"odd_{secrets.token_hex(6)}"
    store.sign_up(name, PASSWORD, None)
    reader = Reader(name, store.sign_in(name, PASSWORD, "127.0.0.1").token)
    post = store.post(good[0], None)
    store.tag(good[1], "even", reader)
    store.hide(good[2], True, reader)
    with suppress(BulkWriteError):  # our indexes refuse some of them
        store.database["marks"].insert_many(odd_marks(name, dict(post)), ordered=False)
    store.database["marks"].insert_one(
        {"_id": f"{name}:{good[3]}", "tags": "odd", "liked": "yes", "hidden": 1}
    )
    bearer = {**JSON, "Authorization": f"Bearer {reader.token}"}
    for path in ("/", "/recommended", "/tags", "/tags/even", "/tags/odd", "/me", f"/posts/{good[3]}"):
        response = client.get(path, headers=bearer)
        assert response.status_code == 200, f"{path}: {response.text}"
    tags = {each["tag"] for each in client.get("/tags", headers=bearer).get_json()["_items"]}
    assert tags >= {"even", "odd"}
    marked = client.get(f"/posts/{good[3]}", headers=bearer).get_json()
    assert (marked["tags"], marked["liked"], marked["hidden"]) == ([], False, False)


@pytest.mark.parametrize("password", [None, 7, "", "plain", ["x"]], ids=repr)
def test_invalid_member_cannot_sign_in(store: MonolithStore, client: FlaskClient, password: Any) -> None:
    name = f"odd_{secrets.token_hex(6)}"
    store.database["members"].insert_one({"_id": name, "password": password})
    found = {"username": name, "password": PASSWORD}
    assert client.post("/login", json=found, headers=JSON).status_code == 401
