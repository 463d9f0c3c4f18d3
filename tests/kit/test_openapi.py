"""The OpenAPI document of a small Eve application, and the page to try it."""

import re
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import schemathesis
from eve import Eve
from flask import g
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, Field
from pymongo import MongoClient

from kit.http.operations import Operation, operation
from kit.openapi import docs
from kit.openapi.describe import describe
from kit.openapi.names import free_name
from kit.openapi.schema import anchored, document_schema, field_schema

TAG = {"type": "string", "pattern": "^[a-z]{1,30}$"}
JSON = "application/json"


class Inner(BaseModel):
    """Part of a like."""

    at: int = Field(ge=0)


class Like(BaseModel):
    """Whether the reader likes it."""

    liked: bool
    inner: list[Inner]


def share_body() -> type[BaseModel]:
    class Share(BaseModel):
        """What to send."""

        to: Annotated[str, Field(max_length=254)]

    return Share


class Share(BaseModel):
    """What was sent."""

    share: str


POSTS: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": "(t3|se)_[a-z0-9]+", "required": True},
        "title": {"type": "string", "minlength": 1, "maxlength": 300, "required": True, "unique": True},
        "source": {"type": "string", "allowed": ["reddit", "stackexchange"], "nullable": True},
        "score": {"type": "integer", "min": 0, "max": 1000, "default": 0, "required": True},
        "secret": {"type": "string", "required": True},
        "seen": {"type": "datetime", "readonly": True},
        "labels": {"type": "list", "schema": {"type": "string"}, "maxlength": 5},
        "place": {"type": "dict", "schema": {"name": {"type": "string", "required": True}}},
    },
    "item_url": r'regex("(?:t3|se)_[a-z0-9]+")',
    "resource_methods": ["GET", "POST"],
    "item_methods": ["GET", "PUT", "PATCH", "DELETE"],
    "public_methods": ["GET"],
    "public_item_methods": ["GET"],
    "datasource": {"projection": dict.fromkeys(("title", "source", "score", "seen", "labels", "place"), 1)},
    "allowed_filters": ["title", "score"],
    "sorting": True,
    "projection": True,
    "bulk_enabled": True,
}
SEARCH: dict[str, Any] = {
    "schema": {"title": {"type": "string"}},
    "item_title": "hit",
    "item_lookup": False,
    "public_methods": ["GET"],
    "allowed_filters": ["title"],
    "sorting": True,
    "projection": True,
    "datasource": {"source": "posts"},
    "kit": {
        "query": {"q": {"type": "string", "minLength": 1}},
        "required": ["q"],
        "summary": "Best first",
    },
}
NOTES: dict[str, Any] = {
    "schema": {"owner": {"type": "string"}, "text": {"type": "string", "required": True}},
    "resource_methods": ["GET", "POST", "DELETE"],
    "auth_field": "owner",
}


@pytest.fixture(scope="module")
def app(mongod: Any, mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Eve]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    settings = {
        "DOMAIN": {"posts": POSTS, "search": SEARCH, "user-notes": NOTES},
        "MONGO_URI": mongod.add_user(name),
        "HATEOAS": False,
        "BULK_ENABLED": False,
        "ALLOWED_FILTERS": [],
        "SORTING": False,
        "PROJECTION": False,
        "UPSERT_ON_PUT": False,
        "DATE_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
        "RENDERERS": ["eve.render.JSONRenderer"],
    }
    made = Eve(__name__, settings=settings)

    @made.before_request
    def nobody() -> None:
        g.reader = None

    made.register_blueprint(docs.make_blueprint(lambda: describe(made, "Small", "1.2.3"), "Small"))
    add_verbs(made)
    yield made
    mongo_client.drop_database(name)


def add_verbs(app: Eve) -> None:
    @app.route("/posts/<post>/likes/<tag>", methods=["PUT", "DELETE"])
    @operation(Operation("Like it", {200: Like, 404: None}, path={"tag": TAG}, reader=True))
    def like_it(post: str, tag: str) -> str:
        return ""

    @app.post('/posts/<regex("(?:a|b):[<>]{1,3}"):post>/share/<int(min=1):times>')
    @operation(
        Operation(
            "Share it",
            {201: Share, 409: {"type": "object", "description": "Shared before."}, 429: None},
            body=share_body(),
            query={"quiet": {"type": "boolean"}, "as": {"type": "string"}},
            required=frozenset({"as"}),
            tag="sharing",
        )
    )
    def share_post(post: str, times: int) -> str:
        return ""

    @app.get("/picture")
    @operation(Operation("A picture", {200: {"type": "string"}, 304: None}, media_type="image/png"))
    def show_post() -> str:
        return ""

    @app.get("/undocumented")
    def undocumented() -> str:
        return ""


@pytest.fixture(scope="module")
def document(app: Eve) -> Any:
    return app.test_client().get("/openapi.json").get_json()


def names(operation: dict[str, Any], where: str) -> dict[str, Any]:
    return {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == where}


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def used(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(used, node.values()))
    return set().union(*map(used, node)) if isinstance(node, list) else set()


def operations(document: Any) -> dict[str, dict[str, Any]]:
    return {
        each["operationId"]: {**each, "at": f"{method} {path}"}
        for path, item in document["paths"].items()
        for method, each in item.items()
    }


def body(operation: dict[str, Any]) -> Any:
    return operation["requestBody"]["content"][JSON]["schema"]


def response_schema(operation: dict[str, Any], status: int) -> Any:
    return operation["responses"][str(status)]["content"][JSON]["schema"]


def issues(document: Any, wanted: Any, value: Any) -> list[str]:
    """Return where `value` does not match the schema `wanted`, which may refer to schemas of the document."""
    whole_schema = {**wanted, "components": document["components"]}
    checker = Draft202012Validator.FORMAT_CHECKER
    return [
        each.message for each in Draft202012Validator(whole_schema, format_checker=checker).iter_errors(value)
    ]


def test_document_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "Small", "version": "1.2.3"}
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_schemathesis_understands_every_operation(document: Any) -> None:
    loaded = schemathesis.openapi.from_dict(document)
    found = [each.ok() for each in loaded.get_all_operations()]
    assert {f"{each.method} {each.path}" for each in found} == {
        each["at"] for each in operations(document).values()
    }


def test_every_schema_is_valid_and_every_reference_resolves(document: Any) -> None:
    for made in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(made)
    known = {f"#/components/{kind}/{name}" for kind, held in document["components"].items() for name in held}
    assert used(document) <= known


def test_document_has_all_operations_and_no_others(document: Any) -> None:
    assert {name: each["at"] for name, each in operations(document).items()} == {
        "listPosts": "get /posts",
        "addPost": "post /posts",
        "showPost": "get /posts/{id}",
        "replacePost": "put /posts/{id}",
        "changePost": "patch /posts/{id}",
        "removePost": "delete /posts/{id}",
        "listSearch": "get /search",
        "listUserNotes": "get /user-notes",
        "addUserNote": "post /user-notes",
        "removeAllUserNotes": "delete /user-notes",
        "showUserNote": "get /user-notes/{id}",
        "putLikeIt": "put /posts/{post}/likes/{tag}",
        "deleteLikeIt": "delete /posts/{post}/likes/{tag}",
        "sharePost": "post /posts/{post}/share/{times}",
        "showPost2": "get /picture",
        "docs": "get /docs",
        "openapi": "get /openapi.json",
    }


def test_a_token_is_needed_but_for_public_methods(document: Any) -> None:
    found = operations(document)
    needing = {name for name, each in found.items() if each["security"] == [{"bearer": []}]}
    writing = {"addPost", "replacePost", "changePost", "removePost"}
    notes = {"listUserNotes", "addUserNote", "removeAllUserNotes", "showUserNote"}
    assert needing == writing | notes | {"putLikeIt", "deleteLikeIt"}
    assert {name for name, each in found.items() if "401" not in each["responses"]} == {"docs", "openapi"}


def test_a_collection_says_how_to_page_and_filter(document: Any) -> None:
    found = operations(document)
    posts = names(found["listPosts"], "query")
    assert set(posts) == {"page", "max_results", "where", "sort", "projection"}
    assert posts["max_results"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 25}
    assert '{"title": {"$ne": null}}' in posts["where"]["schema"]["description"]
    assert "title, score" in posts["where"]["schema"]["description"]
    assert set(names(found["listUserNotes"], "query")) == {"page", "max_results"}
    assert set(names(found["showPost"], "query")) == {"projection"}
    assert names(found["addPost"], "query") == {}


def test_resource_may_have_its_own_parameters(document: Any) -> None:
    search = operations(document)["listSearch"]
    requested = names(search, "query")
    assert {"page", "max_results", "q"} <= set(requested)
    assert requested["q"]["required"] is True
    assert requested["q"]["schema"] == {"type": "string", "minLength": 1}
    assert "required" not in requested["page"]
    assert search["summary"] == "Best first"


def test_changes_need_the_etag(document: Any) -> None:
    found = operations(document)
    for name in ("replacePost", "changePost", "removePost"):
        assert names(found[name], "header")["If-Match"]["required"] is True
        assert {"412", "428"} <= set(found[name]["responses"])
    assert "required" not in names(found["showPost"], "header")["If-None-Match"]
    assert "304" in found["showPost"]["responses"]
    for name in ("addPost", "removeAllUserNotes"):
        assert names(found[name], "header") == {}
        assert "428" not in found[name]["responses"]


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("listPosts", {200, 400, 401, 406, 413, 414, 503, 504}),
        ("addPost", {201, 400, 401, 403, 406, 409, 413, 414, 415, 422, 503, 504}),
        ("changePost", {200, 400, 401, 403, 404, 406, 409, 412, 413, 414, 415, 422, 428, 503, 504}),
        ("removePost", {204, 400, 401, 403, 404, 406, 412, 413, 414, 428, 503, 504}),
        ("putLikeIt", {200, 400, 401, 404, 406, 413, 414, 422, 503, 504}),
        ("sharePost", {201, 400, 401, 404, 406, 409, 413, 414, 415, 422, 429, 503, 504}),
        ("showPost2", {200, 304, 400, 401, 406, 413, 414, 503, 504}),
        ("docs", {200, 400, 413, 414}),
    ],
)
def test_operation_lists_all_its_responses(document: Any, name: str, statuses: set[int]) -> None:
    assert set(map(int, operations(document)[name]["responses"])) == statuses


def test_hidden_fields_are_sent_and_never_shown(document: Any) -> None:
    shown, new = schema(document, "Post")["properties"], schema(document, "NewPost")["properties"]
    assert "secret" in new
    assert "secret" not in shown
    assert "seen" in shown
    assert "seen" not in new
    assert {"_id", "_etag", "_created", "_updated"} <= set(schema(document, "Post")["required"])


def test_only_whole_documents_have_required_fields(document: Any) -> None:
    assert schema(document, "NewPost")["required"] == ["_id", "title", "secret"]
    assert schema(document, "WholePost")["required"] == ["title", "secret"]
    assert "required" not in schema(document, "ChangedPost")
    assert "required" not in schema(document, "ChangedPost")["properties"]["place"]
    assert "_id" not in schema(document, "ChangedPost")["properties"]


def test_fields_from_mongodb_and_the_token_are_not_in_requests(document: Any) -> None:
    assert set(schema(document, "NewUserNote")["properties"]) == {"text"}


def test_id_in_an_address_has_the_rule_of_the_documents_id(document: Any) -> None:
    found = operations(document)
    pattern = names(found["showPost"], "path")["id"]["schema"]["pattern"]
    assert re.search(pattern, "t3_1abc")
    assert not re.search(pattern, "t3_1abc!")
    assert not re.search(pattern, "xt3_1abc")
    assert names(found["showUserNote"], "path")["id"]["schema"]["pattern"] == "^[a-f0-9]{24}$"


def test_verbs_document_their_parameters_and_bodies(document: Any) -> None:
    found = operations(document)
    assert names(found["putLikeIt"], "path")["tag"]["schema"] == TAG
    assert names(found["putLikeIt"], "path")["post"]["schema"] == {"type": "string"}
    assert names(found["sharePost"], "path")["times"]["schema"]["type"] == "integer"
    requested = names(found["sharePost"], "query")
    assert requested["as"]["required"] is True
    assert "required" not in requested["quiet"]
    assert found["sharePost"]["tags"] == ["sharing"]
    assert {"name": "sharing"} in document["tags"]


def test_a_collection_is_a_page_of_its_documents(document: Any) -> None:
    assert response_schema(operations(document)["listPosts"], 200) == {
        "$ref": "#/components/schemas/PostsPage"
    }
    frame = {"_meta": {"page": 1, "max_results": 25, "total": 1}, "_links": {"self": {"href": "posts"}}}
    page = {"$ref": "#/components/schemas/PostsPage"}
    post = {
        "_id": "t3_1",
        "_etag": "e",
        "_created": "2024-01-02T03:04:05Z",
        "_updated": "2024-01-02T03:04:05Z",
    }
    assert issues(document, page, {"_items": [post], **frame}) == []
    assert issues(document, page, {"_items": [{**post, "title": 1}], **frame})
    assert issues(document, page, {"_items": [{"title": "no id"}], **frame})
    assert issues(document, page, {"_items": []})


def test_models_become_schemas_even_two_of_one_name(document: Any) -> None:
    found = operations(document)
    assert (
        issues(document, response_schema(found["putLikeIt"], 200), {"liked": True, "inner": [{"at": 0}]})
        == []
    )
    assert issues(document, response_schema(found["putLikeIt"], 200), {"liked": True, "inner": [{"at": -1}]})
    assert issues(document, body(found["sharePost"]), {"to": "a@example.org"}) == []
    assert issues(document, body(found["sharePost"]), {"share": "1"})
    assert issues(document, response_schema(found["sharePost"], 201), {"share": "1"}) == []
    assert issues(document, response_schema(found["sharePost"], 201), {"to": "a@example.org"})


def test_named_responses_replace_shared_ones(document: Any) -> None:
    found = operations(document)["sharePost"]["responses"]
    assert found["409"]["description"] == "Shared before."
    assert found["201"]["description"] == "What was sent."
    assert found["429"] == {"$ref": "#/components/responses/TooMany"}
    assert "content" not in operations(document)["showPost2"]["responses"]["304"]
    assert set(operations(document)["showPost2"]["responses"]["200"]["content"]) == {"image/png"}


def test_eves_responses_match_the_document(app: Eve, document: Any) -> None:
    found, client = operations(document), app.test_client()
    new = {"_id": "t3_1", "title": "One", "secret": "s", "place": {"name": "here"}, "source": None}
    assert issues(document, body(found["addPost"]), new) == []
    added = client.post("/posts", json=new)
    assert added.status_code == 201
    assert issues(document, response_schema(found["addPost"], 201), added.get_json()) == []
    several = client.post("/posts", json=[{**new, "_id": f"se_{i}", "title": f"{i}"} for i in (1, 2)])
    assert issues(document, response_schema(found["addPost"], 201), several.get_json()) == []
    shown = client.get("/posts/t3_1")
    assert issues(document, response_schema(found["showPost"], 200), shown.get_json()) == []
    assert shown.get_json()["title"] == "One"
    listed = client.get("/posts").get_json()
    assert issues(document, response_schema(found["listPosts"], 200), {**listed, "_links": {}}) == []
    changed = client.patch("/posts/t3_1", json={"score": 5}, headers={"If-Match": shown.headers["ETag"]})
    assert changed.status_code == 200
    assert issues(document, response_schema(found["changePost"], 200), changed.get_json()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 301},
        {"title": None},
        {"_id": "t3_1!"},
        {"_id": "xt3_1"},
        {"source": "elsewhere"},
        {"score": -1},
        {"score": 1001},
        {"score": "many"},
        {"seen": "2024-01-02T03:04:05Z"},
        {"labels": ["a"] * 6},
        {"labels": [1]},
        {"place": {}},
        {"place": {"name": "a", "more": 1}},
        {"unknown": 1},
        {"secret": None},
    ],
)
def test_eve_and_the_document_refuse_the_same_documents(
    app: Eve, document: Any, wrong: dict[str, Any]
) -> None:
    found = operations(document)["addPost"]
    new = {"_id": "t3_9", "title": f"Nine {uuid.uuid4()}", "secret": "s", **wrong}
    assert issues(document, body(found), new)
    refused = app.test_client().post("/posts", json=new)
    assert refused.status_code == 422
    assert set(refused.get_json()["_issues"]) == set(wrong)
    invalid = {"$ref": "#/components/schemas/EveInvalid"}
    assert issues(document, invalid, refused.get_json()) == []


def test_issues_of_several_documents_match_the_document(app: Eve, document: Any) -> None:
    refused = app.test_client().post("/posts", json=[{"_id": "t3_7"}, {"_id": "t3_8", "place": {"name": 1}}])
    assert refused.status_code == 422
    invalid = document["components"]["responses"]["InvalidList"]["content"][JSON]["schema"]
    assert issues(document, invalid, refused.get_json()) == []
    assert issues(document, invalid, {"_status": "ERR", "_error": {"code": 422, "message": "no issues"}})


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (
            {"type": "datetime"},
            {"type": "string", "format": "date-time", "examples": ["2024-01-02T03:04:05Z"]},
        ),
        ({"type": "float", "min": 0.5}, {"type": "number", "minimum": 0.5}),
        (
            {"type": "string", "nullable": True, "regex": "a+"},
            {"type": ["string", "null"], "pattern": "^a+$"},
        ),
        ({"type": "string", "empty": False}, {"type": "string", "minLength": 1}),
        ({"type": ["integer", "string"], "max": 3}, {"type": ["integer", "string"], "maximum": 3}),
        (
            {"type": ["objectid", "string"]},
            {"anyOf": [{"type": "string", "pattern": "^[a-f0-9]{24}$"}, {"type": "string"}]},
        ),
        (
            {"type": "string", "allowed": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "list", "allowed": ["a"], "minlength": 1},
            {"type": "array", "items": {"enum": ["a"]}, "minItems": 1},
        ),
        (
            {
                "type": "list",
                "schema": {"type": "dict", "schema": {"x": {"type": "boolean", "required": True}}},
            },
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"x": {"type": "boolean"}},
                    "required": ["x"],
                    "additionalProperties": False,
                },
            },
        ),
        ({"type": "dict"}, {"type": "object"}),
        ({"type": "point"}, {}),
        ({"check_with": "email"}, {}),
        ({"type": "integer", "default": 3}, {"type": "integer", "default": 3}),
    ],
)
def test_rules_become_json_schema(rules: dict[str, Any], wanted: dict[str, Any]) -> None:
    made = field_schema(rules, "add")
    assert made == wanted
    Draft202012Validator.check_schema(made)


def test_response_schema_requires_no_fields() -> None:
    made = document_schema({"a": {"type": "string", "required": True, "readonly": True}}, "response")
    assert made == {"type": "object", "properties": {"a": {"type": "string"}}}
    assert document_schema({}, "add", unknown=True) == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [("a|b", "^(?:a|b)$"), ("^a$", "^a$"), ("a", "^a$"), (r"a\$", r"^(?:a\$)$"), ("^a|b$", "^(?:^a|b$)$")],
)
def test_patterns_match_whole_values(pattern: str, wanted: str) -> None:
    assert anchored(pattern) == wanted


def test_schema_with_a_used_name_gets_a_number() -> None:
    assert free_name("a", {"a", "a2"}) == "a3"


def test_document_describes_the_application_at_the_request(app: Eve) -> None:
    assert describe(app, "Small", "1.2.3") == app.test_client().get("/openapi.json").get_json()


def test_docs_page_loads_from_nowhere_else(app: Eve) -> None:
    client = app.test_client()
    page = client.get("/docs")
    assert page.mimetype == "text/html"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "Small" in page.text
    assert 'data-document="/openapi.json"' in page.text
    assert re.findall(r"<script(?![^>]*\bsrc=)", page.text) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/docs/assets/")
        with client.get(address) as asset:
            assert asset.status_code == 200, address
            assert asset.content_length


@pytest.mark.parametrize("name", ["nothing.js", "..", "..%2fdocs.py", "%2e%2e%2fdocs.py"])
def test_there_are_no_other_assets(app: Eve, name: str) -> None:
    assert app.test_client().get(f"/docs/assets/{name}").status_code == 404


def test_probes_may_add_parameters(app: Eve) -> None:
    assert app.test_client().get("/openapi.json?more=1").status_code == 200
