"""Attacks on services over a real MongoDB, and tests that show where Eve alone would let them through."""

import copy
import functools
import json
import secrets
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandListener, CommandStartedEvent
from werkzeug.test import TestResponse

from kit.mongo import client as mongo
from kit.service import Service

Call = Callable[..., TestResponse]
Store = Database[dict[str, Any]]
Refused = Callable[..., dict[str, Any]]
Make = Callable[..., Service]

HIDDEN_IS_X = {"secret": "x"}
ORACLES: dict[str, dict[str, Any]] = {
    "plain": HIDDEN_IS_X,
    "compared": {"secret": {"$lt": "y"}},
    "listed": {"secret": {"$in": ["x"]}},
    "and": {"$and": [HIDDEN_IS_X]},
    "or": {"$or": [HIDDEN_IS_X]},
    "deep": {"$or": [{"$and": [{"title": "one"}, HIDDEN_IS_X]}]},
    "nor": {"$nor": [{"secret": "y"}]},
    "not": {"secret": {"$not": {"$eq": "y"}}},
    "exists beside": {"title": "one", "secret": {"$exists": True}},
    "expr": {"$expr": {"$eq": ["$secret", "x"]}},
    "expr inside": {"$or": [{"$expr": {"$eq": ["$secret", "x"]}}]},
}
"""Filters that find the first paper by its hidden field, and that Eve lets through."""

BLOCKED: dict[str, dict[str, Any]] = {
    "where": {"$where": "this.secret == 'x'"},
    "regex": {"secret": {"$regex": "^x"}},
    "regex shown": {"title": {"$regex": "^o"}},
    "jsonSchema": {"$jsonSchema": {"properties": {"secret": {"enum": ["x"]}}}},
    "function": {
        "$expr": {"$function": {"body": "function(s) {return s == 'x'}", "args": ["$secret"], "lang": "js"}}
    },
}
"""Similar filters that Eve refuses, too, with its default settings."""


@pytest.fixture
def papers(store: Store) -> Store:
    """Two papers whose hidden fields sort in the opposite order of their ids."""
    store.papers.insert_many(
        [
            {"_id": "p_1", "title": "one", "score": 1, "secret": "x", "_etag": "e1"},
            {"_id": "p_2", "title": "two", "score": 2, "secret": "y", "_etag": "e2"},
        ]
    )
    return store


def ids(response: TestResponse) -> list[str]:
    assert response.status_code == 200, response.text
    return [each["_id"] for each in response.json["_items"]]


def new_paper(**fields: Any) -> dict[str, Any]:
    return {"_id": f"p_{secrets.token_hex(6)}", "title": "new", **fields}


class TestFilters:
    @pytest.mark.parametrize("name", ORACLES)
    def test_hidden_fields_cannot_be_requested(
        self, papers: Store, call: Call, plain_call: Call, refused: Refused, name: str
    ) -> None:
        query = {"where": json.dumps(ORACLES[name])}
        assert ids(plain_call("GET", "/papers", query=query)) == ["p_1"]
        refused(call("GET", "/papers", query=query), 400, "where")

    @pytest.mark.parametrize("name", BLOCKED)
    def test_code_and_patterns_do_not_reach_mongodb(
        self, papers: Store, call: Call, refused: Refused, name: str
    ) -> None:
        assert [each["_id"] for each in papers.papers.find(BLOCKED[name])] == ["p_1"]
        refused(call("GET", "/papers", query={"where": json.dumps(BLOCKED[name])}), 400, "where")
        joint = {"where": json.dumps({"$or": [BLOCKED[name]]})}
        refused(call("GET", "/papers", query=joint), 400, "where")

    @pytest.mark.parametrize("text", ['secret=="x"', 'title=="one" and secret=="x"', 'secret > "w"'])
    def test_python_expressions_are_refused(
        self, papers: Store, call: Call, plain_call: Call, refused: Refused, text: str
    ) -> None:
        assert "p_1" in ids(plain_call("GET", "/papers", query={"where": text}))
        refused(call("GET", "/papers", query={"where": text}), 400, "where must be a json object")

    @pytest.mark.parametrize("text", ["-secret", '[("secret", -1)]', "title,-secret", "-secret,title"])
    def test_hidden_fields_do_not_sort(self, papers: Store, call: Call, refused: Refused, text: str) -> None:
        refused(call("GET", "/papers", query={"sort": text}), 400, "sort")

    def test_eve_alone_sorts_by_hidden_fields(self, papers: Store, plain_call: Call) -> None:
        assert ids(plain_call("GET", "/papers", query={"sort": "-secret"})) == ["p_2", "p_1"]
        assert ids(plain_call("GET", "/papers", query={"sort": "secret"})) == ["p_1", "p_2"]

    @pytest.mark.parametrize("path", ["/papers", "/papers/p_1"])
    @pytest.mark.parametrize(
        "requested", [{"secret": 1}, {"secret": 0}, {"title": 1, "secret": 1}, {"secret": "$x"}]
    )
    def test_a_projection_shows_nothing_hidden(
        self, papers: Store, call: Call, refused: Refused, path: str, requested: dict[str, Any]
    ) -> None:
        response = call("GET", path, query={"projection": json.dumps(requested)})
        refused(response, 400, "projection")

    def test_eve_alone_shows_hidden_fields_with_an_excluding_projection(
        self, papers: Store, plain_call: Call
    ) -> None:
        assert "secret" not in plain_call("GET", "/papers/p_1").json
        response = plain_call("GET", "/papers/p_1", query={"projection": '{"secret": 1}'})
        assert response.json["secret"] == "x"

    def test_excluding_projection_shows_no_hidden_field(self, papers: Store, call: Call) -> None:
        for path in ("/papers", "/papers/p_1"):
            response = call("GET", path, query={"projection": '{"title": 0}'})
            assert response.status_code == 200
            for shown in response.json.get("_items", [response.json]):
                assert set(shown) == {"_id", "score", "_etag", "_created", "_updated"}

    @pytest.mark.parametrize(
        "name",
        ["aggregate", "show_deleted", "embedded", "version", "callback", "pretty", "max_result", "$where"],
    )
    def test_eves_other_parameters_are_unknown(
        self, papers: Store, call: Call, refused: Refused, name: str
    ) -> None:
        for path in ("/papers", "/papers/p_1", "/notes", "/batches"):
            response = call("GET", path, reader="ann", query={name: '{"$x": 1}'})
            refused(response, 400, "unknown parameter", name)

    def test_there_is_no_jsonp(
        self, papers: Store, make_service: Make, make_caller: Callable[..., Call]
    ) -> None:
        loose = make_caller(make_service(eve={"JSONP_ARGUMENT": "callback"}))
        assert loose("GET", "/papers", query={"callback": "steal"}).status_code == 400

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_writes_accept_no_parameters(
        self, papers: Store, call: Call, refused: Refused, method: str
    ) -> None:
        path = "/papers" if method == "POST" else "/papers/p_1"
        body = {} if method == "DELETE" else {"json": new_paper()}
        for name in ("where", "projection", "page"):
            response = call(
                method, path, reader="ann", query={name: "{}"}, headers={"If-Match": '"e1"'}, **body
            )
            refused(response, 400, "unknown parameter", name)
        assert papers.papers.count_documents({}) == 2

    @pytest.mark.parametrize(
        "text",
        [
            '{"score": NaN}',
            '{"score": -Infinity}',
            '{"score": 18446744073709551616}',
            '{"score": {"$in": [18446744073709551616]}}',
            '{"title": "\\ud800"}',
            '{"title": {"$in": ["\\udfff"]}}',
            '{"\\ud800": 1}',
            '{"when": "9999-12-31T23:59:59-14:00"}',
            '{"when": 99999999999999999}',
            "[" * 60_000,
            '{"$and":[' * 5 + "{}" + "]}" * 5,
            '{"a":' * 5_000,
            json.dumps({"$or": [{"score": 1}] * 101}),
            json.dumps({"score": {"$in": [1] * 101}}),
            '{"$or": []}',
            '{"$or": {}}',
            '{"title": {}}',
            '{"title": {"$eq": {"$gt": ""}}}',
            '{"title": ["one"]}',
            "[]",
            "null",
            "1",
            "",
        ],
        ids=lambda text: text[:30],
    )
    def test_senseless_request_is_refused(
        self, papers: Store, call: Call, refused: Refused, text: str
    ) -> None:
        refused(call("GET", "/papers", query={"where": text}), 400, "where")

    def test_filters_that_are_allowed_work(self, papers: Store, call: Call) -> None:
        for given in ({"title": "two"}, {"$or": [{"score": {"$gt": 1}}]}, {"score": {"$nin": [1, 3]}}):
            assert ids(call("GET", "/papers", query={"where": json.dumps(given)})) == ["p_2"]
        assert ids(call("GET", "/papers", query={"sort": "-score"})) == ["p_2", "p_1"]


class TestMethods:
    def test_a_header_does_not_change_the_method(self, papers: Store, call: Call, refused: Refused) -> None:
        headers = {"X-HTTP-Method-Override": "DELETE", "If-Match": '"e1"'}
        assert call("GET", "/papers/p_1", reader="ann", headers=headers).json["title"] == "one"
        headers["X-HTTP-Method-Override"] = "PATCH"
        response = call("POST", "/papers/p_1", reader="ann", headers=headers, json={"title": "changed"})
        refused(response, 405)
        assert papers.papers.count_documents({"title": {"$in": ["one", "two"]}}) == 2

    def test_eve_alone_deletes_on_get(self, papers: Store, plain_call: Call) -> None:
        etag = plain_call("GET", "/papers/p_1").headers["ETag"]
        headers = {"X-HTTP-Method-Override": "DELETE", "If-Match": etag}
        assert plain_call("GET", "/papers/p_1", headers=headers).status_code == 204
        assert papers.papers.count_documents({"_id": "p_1"}) == 0


class TestBodies:
    def test_list_is_refused_where_one_document_is_expected(
        self, store: Store, call: Call, plain_call: Call, refused: Refused
    ) -> None:
        many = [new_paper() for _ in range(2)]
        refused(call("POST", "/papers", reader="ann", json=many), 400, "json object")
        assert store.papers.count_documents({}) == 0
        assert plain_call("POST", "/papers", json=many).status_code == 201

    def test_too_long_list_is_refused(
        self, store: Store, call: Call, plain_call: Call, refused: Refused
    ) -> None:
        many = [{"title": f"number {each}"} for each in range(6)]
        refused(call("POST", "/batches", json=many), 400, "1 to 5")
        assert store.batches.count_documents({}) == 0
        assert call("POST", "/batches", json=many[:5]).status_code == 201
        assert store.batches.count_documents({}) == 5

    @pytest.mark.parametrize("body", [[], [[]], [1], [None], ["x"], [{"title": "good"}, 1]], ids=str)
    def test_list_of_other_values_is_refused(
        self, store: Store, call: Call, refused: Refused, body: Any
    ) -> None:
        refused(call("POST", "/batches", json=body), 400)
        assert store.batches.count_documents({}) == 0

    def test_a_list_is_stored_whole_or_not_at_all(self, store: Store, call: Call, refused: Refused) -> None:
        same = {"_id": "0" * 24}
        response = call("POST", "/batches", json=[{**same, "title": "one"}, {**same, "title": "two"}])
        refused(response, 409)
        assert store.batches.count_documents({}) == 0

    @pytest.mark.parametrize("size", [65_537, 70_000, 3_000_000])
    def test_large_body_with_a_length_is_refused(
        self, store: Store, call: Call, refused: Refused, size: int
    ) -> None:
        body = json.dumps(new_paper()).encode().ljust(size)
        response = call("POST", "/papers", reader="ann", data=body, content_type="application/json")
        refused(response, 413, "65536")
        assert store.papers.count_documents({}) == 0

    @pytest.mark.parametrize("size", [65_537, 70_000, 3_000_000])
    def test_large_body_in_chunks_is_refused(
        self, store: Store, call: Call, refused: Refused, size: int
    ) -> None:
        body = json.dumps(new_paper(title="x")).encode().ljust(size)
        refused(call("POST", "/papers", reader="ann", **chunked(body)), 413, "65536")
        assert store.papers.count_documents({}) == 0

    def test_bodies_at_the_limit_are_accepted(self, store: Store, call: Call) -> None:
        one, other = (json.dumps(new_paper()).encode().ljust(65_536) for _ in range(2))
        response = call("POST", "/papers", reader="ann", data=one, content_type="application/json")
        assert response.status_code == 201
        assert call("POST", "/papers", reader="ann", **chunked(other)).status_code == 201
        assert store.papers.count_documents({}) == 2

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": {"$gt": ""}},
            {"title": {"$set": {"secret": "x"}}},
            {"title": ["x"]},
            {"score": {"$inc": 1}},
            {"_id": {"$gt": ""}},
            {"_id": {"$ne": None}},
        ],
        ids=str,
    )
    def test_operators_are_refused_as_values(
        self, papers: Store, call: Call, refused: Refused, fields: dict[str, Any]
    ) -> None:
        body = refused(call("POST", "/papers", reader="ann", json=new_paper(**fields)), 422)
        assert body["_issues"].keys() == fields.keys()
        headers = {"If-Match": '"e1"'}
        refused(call("PATCH", "/papers/p_1", reader="ann", json=fields, headers=headers), 422)
        assert papers.papers.count_documents({}) == 2

    @pytest.mark.parametrize(
        "name", ["$set", "$where", "title.x", "unknown", "_etag", "_created", "_updated", "owner", "a\0b"]
    )
    def test_unknown_fields_are_refused(self, papers: Store, call: Call, refused: Refused, name: str) -> None:
        body = refused(call("POST", "/papers", reader="ann", json=new_paper(**{name: "x"})), 422)
        assert len(body["_issues"]) >= 1
        headers = {"If-Match": '"e1"'}
        refused(call("PATCH", "/papers/p_1", reader="ann", json={name: "x"}, headers=headers), 422)
        assert papers.papers.find_one({"_id": "p_1"})["_etag"] == "e1"

    @pytest.mark.parametrize(
        "text",
        [
            '"score": 18446744073709551616',
            '"score": -18446744073709551616',
            '"title": "\\ud800"',
            '"\\ud800": 1',
            '"title": ["\\udfff"]',
            '"x": ' + "[" * 900 + "]" * 900,
            '"x": ' + "[" * 5_000 + "]" * 5_000,
            '"x": ' * 2,
            '"title": "a',
        ],
        ids=lambda text: text[:30],
    )
    def test_text_that_cannot_be_stored_is_refused(
        self, papers: Store, call: Call, refused: Refused, text: str
    ) -> None:
        for method, path in (("POST", "/papers"), ("PATCH", "/papers/p_1")):
            body = f'{{"_id": "p_3", {text}}}'.encode()
            response = call(
                method,
                path,
                reader="ann",
                data=body,
                content_type="application/json",
                headers={"If-Match": '"e1"'},
            )
            refused(response, 400)
        assert papers.papers.count_documents({}) == 2

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_invalid_number_is_refused(
        self, store: Store, make_service: Make, make_caller: Callable[..., Call], refused: Refused, text: str
    ) -> None:
        places = {"schema": {"height": {"type": "float"}}, "resource_methods": ["POST"]}
        call = make_caller(make_service({"places": {**places, "public_methods": ["POST"]}}))
        body = f'{{"height": {text}}}'.encode()
        refused(call("POST", "/places", data=body, content_type="application/json"), 400)
        assert store.places.count_documents({}) == 0

    @pytest.mark.parametrize("label", ["abc\n", "abcd", " abc", "abc|123", "123\n", "\nabc", "ab1"])
    def test_pattern_has_to_match_the_whole_value(
        self, store: Store, call: Call, refused: Refused, label: str
    ) -> None:
        body = refused(call("POST", "/papers", reader="ann", json=new_paper(label=label)), 422)
        assert body["_issues"].keys() == {"label"}
        assert call("POST", "/papers", reader="ann", json=new_paper(label="abc")).status_code == 201

    def test_eve_alone_accepts_a_line_break_after_a_pattern(self, store: Store, plain_call: Call) -> None:
        assert plain_call("POST", "/papers", json=new_paper(label="123\n")).status_code == 201


def chunked(body: bytes) -> dict[str, Any]:
    """Return the environment of a request whose body has no length, as servers pass it on."""
    return {
        "input_stream": BytesIO(body),
        "content_type": "application/json",
        "headers": {"Transfer-Encoding": "chunked"},
        "environ_overrides": {"wsgi.input_terminated": True},
    }


class TestOrigins:
    def test_no_other_site_may_send_requests_by_default(self, papers: Store, call: Call) -> None:
        for path in ("/papers", "/papers/p_1", "/nothing"):
            for method in ("GET", "OPTIONS"):
                response = call(method, path, headers={"Origin": "https://example.org"})
                assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]

    @pytest.mark.parametrize("path", ["/papers", "/papers/p_1"])
    @pytest.mark.parametrize("how", ["origins", "patterns"])
    def test_only_named_sites_may_send_requests(
        self, papers: Store, make_service: Make, make_caller: Callable[..., Call], path: str, how: str
    ) -> None:
        named: dict[str, dict[str, Any]] = {
            "origins": {"origins": ("https://example.org",)},
            "patterns": {"eve": {"X_DOMAINS_RE": [r"https://example\.org"]}},
        }
        call = make_caller(make_service(**named[how]))
        response = call("GET", path, headers={"Origin": "https://example.org"})
        assert response.headers["Access-Control-Allow-Origin"] == "https://example.org"
        for evil in (
            "https://example.org.evil.example",
            "http://example.org",
            "null",
            "https://a.example.org",
        ):
            response = call("GET", path, headers={"Origin": evil})
            assert not response.headers.get("Access-Control-Allow-Origin"), evil

    def test_single_pattern_needs_no_list(
        self, papers: Store, make_service: Make, make_caller: Callable[..., Call]
    ) -> None:
        call = make_caller(make_service(eve={"X_DOMAINS_RE": "https://a|https://b"}))
        for origin, allowed in (("https://a", True), ("https://b", True), ("https://a.evil", False)):
            response = call("GET", "/papers/p_1", headers={"Origin": origin})
            assert bool(response.headers.get("Access-Control-Allow-Origin")) == allowed, origin


class TestReaders:
    @pytest.fixture
    def notes(self, call: Call) -> dict[str, str]:
        """The ETags of a note of ann's and one of bob's, by their ids."""
        made = {}
        for name in ("ann", "bob"):
            note = {"_id": f"n_{name}", "text": f"of {name}"}
            made[f"n_{name}"] = call("POST", "/notes", reader=name, json=note).json["_etag"]
        return made

    def test_members_can_read_and_change_themselves(self, notes: dict[str, str], call: Call) -> None:
        assert ids(call("GET", "/notes", reader="ann")) == ["n_ann"]
        assert call("GET", "/notes/n_ann", reader="ann").json["text"] == "of ann"
        headers = {"If-Match": f'"{notes["n_ann"]}"'}
        response = call("PATCH", "/notes/n_ann", reader="ann", json={"text": "new"}, headers=headers)
        assert response.status_code == 200
        headers = {"If-Match": f'"{response.json["_etag"]}"'}
        assert call("DELETE", "/notes/n_ann", reader="ann", headers=headers).status_code == 204
        assert ids(call("GET", "/notes", reader="ann")) == []

    @pytest.mark.parametrize(
        "given",
        [{"text": "of bob"}, {"text": {"$ne": ""}}, {"$or": [{"text": "of bob"}, {"text": "of ann"}]}],
        ids=str,
    )
    def test_a_filter_finds_nothing_of_others(
        self, notes: dict[str, str], call: Call, given: dict[str, Any]
    ) -> None:
        response = call("GET", "/notes", reader="ann", query={"where": json.dumps(given)})
        assert "n_bob" not in ids(response)
        assert response.json["_meta"]["total"] == len(ids(response))

    @pytest.mark.parametrize("given", [{"owner": "bob"}, {"$or": [{"owner": {"$ne": "ann"}}]}], ids=str)
    def test_owner_cannot_be_requested(
        self, notes: dict[str, str], call: Call, refused: Refused, given: dict[str, Any]
    ) -> None:
        refused(call("GET", "/notes", reader="ann", query={"where": json.dumps(given)}), 400, "where")

    @pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
    def test_documents_of_others_are_not_found(
        self, notes: dict[str, str], call: Call, store: Store, method: str
    ) -> None:
        before = list(store.notes.find())
        body = {"json": {"_id": "n_bob", "text": "mine"}} if method in ("PATCH", "PUT") else {}
        headers = {"If-Match": f'"{notes["n_bob"]}"'}
        response = call(method, "/notes/n_bob", reader="ann", headers=headers, **body)
        # Eve responds to the deletion of a missing document as if it had deleted it.
        assert response.status_code == (204 if method == "DELETE" else 404)
        assert "bob" not in response.text
        assert list(store.notes.find()) == before

    def test_nobody_writes_in_anothers_name(
        self, notes: dict[str, str], call: Call, store: Store, refused: Refused
    ) -> None:
        forged = {"_id": "n_new", "text": "x", "owner": "bob"}
        refused(call("POST", "/notes", reader="ann", json=forged), 422)
        headers = {"If-Match": f'"{notes["n_ann"]}"'}
        response = call("PATCH", "/notes/n_ann", reader="ann", json={"owner": "bob"}, headers=headers)
        refused(response, 422)
        assert {each["_id"]: each["owner"] for each in store.notes.find()} == {"n_ann": "ann", "n_bob": "bob"}

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_visitors_have_to_sign_in(
        self, notes: dict[str, str], call: Call, refused: Refused, method: str
    ) -> None:
        body = {"json": {"_id": "n_new", "text": "x"}} if method == "POST" else {}
        refused(call(method, "/notes", **body), 401)
        refused(call("GET", "/notes/n_bob"), 401)

    @pytest.mark.parametrize("name", ["0123456789abcdef01234567", "abcdefabcdefabcdefabcdef"])
    def test_a_name_that_looks_like_an_object_id_is_a_name(
        self, call: Call, plain_call: Call, name: str
    ) -> None:
        assert call("POST", "/members", json={"_id": name}).status_code == 201
        assert call("GET", f"/members/{name}").json["_id"] == name
        query = {"where": json.dumps({"_id": name})}
        assert ids(call("GET", "/members", query=query)) == [name]
        assert plain_call("GET", f"/members/{name}").status_code == 404
        assert ids(plain_call("GET", "/members", query=query)) == []

    def test_object_id_is_recognised_by_default(self, call: Call) -> None:
        made = call("POST", "/batches", json={"title": "with an id of MongoDB's"}).json
        response = call("GET", f"/batches/{made['_id']}")
        assert (response.status_code, response.json["_id"]) == (200, made["_id"])


class TestChanges:
    @pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
    def test_write_needs_the_current_etag(
        self, papers: Store, call: Call, refused: Refused, method: str
    ) -> None:
        body = {} if method == "DELETE" else {"json": {"_id": "p_1", "title": "new"}}
        refused(call(method, "/papers/p_1", reader="ann", **body), 428)
        stale = {"If-Match": '"e0"'}
        refused(call(method, "/papers/p_1", reader="ann", headers=stale, **body), 412)
        assert papers.papers.find_one({"_id": "p_1"})["title"] == "one"
        current = {"If-Match": '"e1"'}
        response = call(method, "/papers/p_1", reader="ann", headers=current, **body)
        assert response.status_code == (204 if method == "DELETE" else 200)
        refused(call("PATCH", "/papers/p_2", reader="ann", headers=current, json={"title": "x"}), 412)

    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_id_cannot_be_changed(self, papers: Store, call: Call, refused: Refused, method: str) -> None:
        changed = {"_id": "p_9", "title": "moved"}
        response = call(method, "/papers/p_1", reader="ann", json=changed, headers={"If-Match": '"e1"'})
        assert response.status_code in (400, 409, 422), response.text
        refused(response, response.status_code)
        assert sorted(each["_id"] for each in papers.papers.find()) == ["p_1", "p_2"]

    def test_put_does_not_create_a_document(self, store: Store, call: Call, refused: Refused) -> None:
        response = call("PUT", "/papers/p_new", reader="ann", json={"_id": "p_new", "title": "x"})
        refused(response, 404)
        assert store.papers.count_documents({}) == 0

    def test_response_to_a_write_has_no_hidden_fields(self, store: Store, call: Call) -> None:
        response = call("POST", "/papers", reader="ann", json=new_paper(secret="hidden-word"))
        assert response.status_code == 201
        assert "hidden-word" not in response.text
        assert store.papers.count_documents({"secret": "hidden-word"}) == 1

    def test_writes_have_a_durable_write_concern(
        self,
        database_uri: str,
        store: Store,
        make_service: Make,
        make_caller: Callable[..., Call],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        listener = WriteListener()
        monkeypatch.setattr(mongo, "MongoClient", functools.partial(MongoClient, event_listeners=[listener]))
        with mongo.connect(database_uri) as client:
            call = make_caller(make_service(client=client))
            etag = call("POST", "/papers", reader="ann", json={"_id": "p_1", "title": "x"}).json["_etag"]
            for method, body in (("PATCH", {"title": "y"}), ("PUT", {"_id": "p_1", "title": "z"})):
                headers = {"If-Match": f'"{etag}"'}
                etag = call(method, "/papers/p_1", reader="ann", json=body, headers=headers).json["_etag"]
            call("DELETE", "/papers/p_1", reader="ann", headers={"If-Match": f'"{etag}"'})
            assert call("POST", "/batches", json=[{"title": "one"}, {"title": "two"}]).status_code == 201
        names = [name for name, _ in listener.writes]
        assert names == ["insert", "findAndModify", "findAndModify", "delete", "insert", "commitTransaction"]
        # In a transaction the write concern is that of the commit.
        del listener.writes[4]
        for name, concern in listener.writes:
            assert concern is not None, name
            assert (concern["w"], concern["j"]) == ("majority", True), name


class WriteListener(CommandListener):
    """The driver's writes, each with its write concern."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, dict[str, Any] | None]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("insert", "update", "findAndModify", "delete", "commitTransaction"):
            self.writes.append((event.command_name, event.command.get("writeConcern")))

    def succeeded(self, event: object) -> None:
        """Ignore it."""

    def failed(self, event: object) -> None:
        """Ignore it."""


THINGS = {"title": {"type": "string"}, "secret": {"type": "string"}}


class TestSettings:
    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"datasource": {"projection": {"title": 1}}, "allowed_filters": ["secret"]}, "filter.*secret"),
            ({"allowed_filters": ["elsewhere"]}, "filter.*elsewhere"),
            ({"allowed_filters": ["*"]}, r"filter.*\*"),
            ({"datasource": {"projection": {"secret": 0}}}, "projection"),
            ({"datasource": {"projection": {"title": 1, "secret": False}}}, "projection"),
            ({"datasource": {"aggregation": {"pipeline": []}}}, "[Aa]ggregation"),
        ],
        ids=str,
    )
    def test_resource_that_would_show_too_much_is_refused(
        self, make_service: Make, changed: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(ValueError, match=f"things: .*{words}"):
            make_service({"things": {"schema": copy.deepcopy(THINGS), **changed}})

    def test_other_resources_are_accepted(self, make_service: Make) -> None:
        shown = {"datasource": {"projection": {"title": 1}}, "allowed_filters": ["title", "_id"]}
        assert make_service({"things": {"schema": copy.deepcopy(THINGS), **shown}})
