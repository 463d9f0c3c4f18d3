"""A service's responses: collections, items, errors, health, metrics, and a database that is away."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import eve.utils
import pytest
from flask import Response
from prometheus_client.parser import text_string_to_metric_families
from pymongo import MongoClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from kit.mongo import client as mongo
from kit.mongo.client import accepts_writes
from kit.service import Service, config
from kit.tokens import Issuer, LocalKeys, Verifier
from tests.support.accept_headers import JSON as ACCEPTED
from workshop.ports import free_port

Call = Callable[..., TestResponse]
MakeCaller = Callable[[Service], Call]
Store = Database[dict[str, Any]]
Refused = Callable[..., dict[str, Any]]
Make = Callable[..., Service]

JSON = "application/json"
ETAG = {"If-Match": '"e1"'}


def insert(store: Store, amount: int, **fields: Any) -> None:
    store.papers.insert_many([{"_id": f"p_{each:06}", "score": each, **fields} for each in range(amount)])


def page_of(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json
    return page


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "method", "path", "options", "words"),
        [
            (400, "GET", "/papers?page=0", {}, ["page"]),
            (400, "GET", "/papers?max_results=51", {}, ["max_results", "50"]),
            (400, "GET", "/papers?page=1&page=2", {}, ["more than once", "page"]),
            (400, "GET", "/papers?page=%D9%A1", {}, ["page"]),
            (400, "GET", "/papers?pages=1", {}, ["pages"]),
            (400, "POST", "/papers", {"reader": "ann", "data": "{", "content_type": JSON}, ["not json"]),
            (400, "POST", "/papers", {"reader": "ann", "data": "", "content_type": JSON}, ["not json"]),
            (400, "POST", "/papers", {"reader": "ann", "json": "text"}, ["object"]),
            (401, "POST", "/papers", {"json": {"_id": "p_1", "title": "x"}}, ["sign in"]),
            (401, "GET", "/notes", {}, ["sign in"]),
            (401, "DELETE", "/papers/p_1", {}, ["sign in"]),
            (401, "GET", "/papers", {"headers": {"Authorization": "Bearer a.b.c"}}, ["token"]),
            (401, "GET", "/papers", {"headers": {"Authorization": "Bearer"}}, ["token"]),
            (401, "GET", "/papers", {"headers": {"Authorization": ""}}, ["token"]),
            (401, "GET", "/papers", {"headers": {"Authorization": "Token YW5uOnB3"}}, ["token"]),
            (401, "GET", "/papers/p_1", {"headers": {"Authorization": "x"}}, ["token"]),
            (404, "GET", "/papers/p_9", {}, ["nothing at this address"]),
            (404, "GET", "/papers/no-such-id", {}, ["nothing at this address"]),
            (404, "GET", "/nothing", {}, ["nothing at this address"]),
            (404, "PATCH", "/papers/p_9", {"reader": "ann", "json": {}, "headers": ETAG}, ["nothing"]),
            (405, "DELETE", "/papers", {"reader": "ann"}, ["method"]),
            (405, "PATCH", "/batches/" + "0" * 24, {"json": {}}, ["method"]),
            (405, "BREW", "/papers", {}, ["method"]),
            (406, "GET", "/papers", {"headers": {"Accept": "text/html"}}, [JSON]),
            (406, "GET", "/papers/p_1", {"headers": {"Accept": "application/json;q=0"}}, [JSON]),
            (409, "POST", "/papers", {"reader": "ann", "json": {"_id": "p_1", "title": "x"}}, ["already"]),
            (412, "DELETE", "/papers/p_1", {"reader": "ann", "headers": {"If-Match": '"e0"'}}, ["etag"]),
            (413, "POST", "/papers", {"reader": "ann", "data": b"x" * 65_537}, ["65536"]),
            (415, "POST", "/papers", {"reader": "ann", "data": "x"}, [JSON]),
            (415, "POST", "/papers", {"reader": "ann", "data": {"title": "x"}}, [JSON]),
            (422, "POST", "/papers", {"reader": "ann", "json": {"_id": "p_3"}}, []),
            (422, "PATCH", "/papers/p_1", {"reader": "ann", "json": {"score": -1}, "headers": ETAG}, []),
            (428, "DELETE", "/papers/p_1", {"reader": "ann"}, ["if-match"]),
        ],
        ids=str,
    )
    def test_each_error_names_what_is_wrong(
        self,
        store: Store,
        call: Call,
        refused: Refused,
        status: int,
        method: str,
        path: str,
        options: dict[str, Any],
        words: list[str],
    ) -> None:
        store.papers.insert_one({"_id": "p_1", "title": "one", "_etag": "e1"})
        response = call(method, path, **options)
        refused(response, status, *words)
        assert ("WWW-Authenticate" in response.headers) == (status == 401)
        assert ("Allow" in response.headers) == (status == 405)
        if status == 401:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_issues_name_the_fields(self, call: Call, refused: Refused) -> None:
        broken = {"_id": "p_1", "title": "", "score": -1, "label": "x", "more": 1}
        body = refused(call("POST", "/papers", reader="ann", json=broken), 422)
        assert set(body["_issues"]) == {"title", "score", "label", "more"}

    def test_each_of_several_documents_has_its_own_issues(self, store: Store, call: Call) -> None:
        response = call("POST", "/batches", json=[{"title": "good"}, {"title": 7}])
        assert (response.status_code, response.json["_error"]["code"]) == (422, 422)
        assert [each.get("_issues", {}).keys() for each in response.json["_items"]] == [set(), {"title"}]
        assert store.batches.count_documents({}) == 0

    def test_unexpected_error_reveals_nothing(self, service: Service, call: Call, refused: Refused) -> None:
        @service.get("/fail")
        def fail() -> None:
            raise RuntimeError("hidden-word")

        response = call("GET", "/fail", headers={"X-Request-ID": "mine"})
        refused(response, 500)
        assert "hidden-word" not in response.text
        assert response.headers["X-Request-ID"] == "mine"


class TestTokens:
    def test_revoked_token_is_refused(
        self, make_service: Make, make_caller: MakeCaller, issuer: Issuer, store: Store, refused: Refused
    ) -> None:
        ended: set[str] = set()
        call = make_caller(make_service(revoked=ended.__contains__))
        issued = issuer.issue("ann").token
        bearer = {"Authorization": f"Bearer {issued}"}
        assert call("GET", "/notes", headers=bearer).status_code == 200
        claims = Verifier(LocalKeys(issuer.jwks()), "tests").verify(issued)
        assert claims is not None
        ended.add(claims.token_id)
        for path in ("/notes", "/papers", "/papers/p_1"):
            refused(call("GET", path, headers=bearer), 401, "token")
        assert call("GET", "/notes", reader="ann").status_code == 200

    def test_service_without_a_verifier_refuses_tokens(
        self, make_service: Make, make_caller: MakeCaller, store: Store, refused: Refused
    ) -> None:
        call = make_caller(make_service(verifier=None))
        assert call("GET", "/papers").status_code == 200
        refused(call("GET", "/papers", reader="ann"), 401)
        refused(call("GET", "/notes", reader="ann"), 401)

    def test_probes_need_no_token(self, call: Call) -> None:
        for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs"):
            assert call("GET", path, headers={"Authorization": "Bearer nonsense"}).status_code == 200, path


class TestCollections:
    def test_pages_have_exact_totals(self, store: Store, call: Call) -> None:
        insert(store, 7)
        seen = []
        for number, size in ((1, 3), (2, 3), (3, 1), (4, 0), (5, 0)):
            page = page_of(call("GET", f"/papers?max_results=3&page={number}"))
            assert page["_meta"] == {"page": number, "max_results": 3, "total": 7}
            assert len(page["_items"]) == size
            seen += [each["_id"] for each in page["_items"]]
        assert seen == [f"p_{each:06}" for each in range(7)]

    def test_empty_collection_has_a_page(self, store: Store, call: Call) -> None:
        page = page_of(call("GET", "/papers"))
        assert page["_items"] == []
        assert page["_meta"] == {"page": 1, "max_results": 25, "total": 0}
        assert not {"next", "prev", "last"} & page["_links"].keys()

    def test_totals_end_at_ten_thousand(self, store: Store, call: Call) -> None:
        insert(store, 10_050)
        page = page_of(call("GET", "/papers?max_results=30&page=334"))
        assert page["_meta"] == {"page": 334, "max_results": 30, "total": 10_000, "total_relation": "gte"}
        assert [each["score"] for each in page["_items"]] == list(range(9_990, 10_000))
        assert "next" not in page["_links"]
        past = page_of(call("GET", "/papers?max_results=30&page=335"))
        assert (past["_items"], past["_meta"]["total"]) == ([], 10_000)
        assert page_of(call("GET", "/papers?page=400"))["_items"][-1]["score"] == 9_999
        assert page_of(call("GET", "/papers?page=401"))["_items"] == []
        assert page_of(call("GET", "/papers?page=999999999999999999"))["_items"] == []
        filtered = page_of(call("GET", "/papers", query={"where": '{"score": {"$gte": 50}}'}))["_meta"]
        assert (filtered["total"], "total_relation" in filtered) == (10_000, False)
        filtered = page_of(call("GET", "/papers", query={"where": '{"score": {"$gte": 51}}'}))["_meta"]
        assert (filtered["total"], "total_relation" in filtered) == (9_999, False)
        assert call("GET", "/papers").headers["X-Total-Count"] == "10000"

    def test_links_keep_the_query(self, store: Store, call: Call) -> None:
        insert(store, 9)
        where = json.dumps({"score": {"$gt": 1}})
        path: str | None = "/papers"
        query: dict[str, Any] = {
            "query": {"where": where, "sort": "-score", "projection": '{"score": 1}', "max_results": 3}
        }
        seen, selves = [], []
        while path:
            page = page_of(call("GET", path, **query))
            seen += [each["score"] for each in page["_items"]]
            assert all("title" not in each for each in page["_items"])
            selves.append(page["_links"]["self"]["href"])
            path, query = page["_links"].get("next", {}).get("href"), {}
            path = path and f"/{path}"
        assert seen == [8, 7, 6, 5, 4, 3, 2]
        assert len(selves) == 3
        last = page_of(call("GET", f"/{selves[2]}"))
        assert [each["score"] for each in last["_items"]] == [2]
        assert last["_links"]["prev"]["href"] == selves[1]
        assert page_of(call("GET", f"/{selves[1]}"))["_links"]["prev"]["href"] == selves[0]

    def test_equal_values_are_sorted_by_id(self, store: Store, call: Call) -> None:
        store.papers.insert_many([{"_id": f"p_{each}", "score": 1} for each in "dbac"])
        for sort in ("score", "-score", "title,-score"):
            found = page_of(call("GET", "/papers", query={"sort": sort}))["_items"]
            assert [each["_id"] for each in found] == ["p_a", "p_b", "p_c", "p_d"]

    @pytest.mark.parametrize("origin", [None, "https://example.org"])
    def test_hooks_are_called_in_order(
        self, store: Store, make_service: Make, make_caller: MakeCaller, origin: str | None
    ) -> None:
        insert(store, 4)
        app = make_service(origins=("https://example.org",))
        called: list[str] = []

        def narrow(_request: object, lookup: dict[str, Any]) -> None:
            called.append("pre of papers")
            lookup["score"] = {"$lt": 2}

        def add(whole: dict[str, Any]) -> None:
            called.append("fetched of papers")
            for each in whole["_items"]:
                each["added"] = True

        def stamp(_request: object, response: Response) -> None:
            called.append("post of papers")
            response.headers["X-Stamp"] = "papers"

        app.on_pre_GET += lambda resource, _request, _lookup: called.append(f"pre {resource}")
        app.on_pre_GET_papers += narrow
        app.on_fetched_resource += lambda resource, _whole: called.append(f"fetched {resource}")
        app.on_fetched_resource_papers += add
        app.on_post_GET += lambda resource, _request, _response: called.append(f"post {resource}")
        app.on_post_GET_papers += stamp
        headers = {"Origin": origin} if origin else {}
        reply = make_caller(app)("GET", "/papers", query={"where": '{"score": {"$gte": 1}}'}, headers=headers)
        page = page_of(reply)
        assert reply.headers.get("Access-Control-Allow-Origin") == origin
        assert called == [
            *("pre papers", "pre of papers", "fetched papers"),
            *("fetched of papers", "post papers", "post of papers"),
        ]
        assert [(each["score"], each["added"]) for each in page["_items"]] == [(1, True)]
        assert page["_meta"]["total"] == 1
        assert reply.headers["X-Stamp"] == "papers"
        assert reply.headers["X-Total-Count"] == "1"

    def test_values_of_hidden_fields_are_not_returned(self, store: Store, call: Call) -> None:
        insert(store, 1, secret="hidden-word", more="hidden-word")
        for path in ("/papers", "/papers/p_000000"):
            assert "hidden-word" not in call("GET", path).text

    def test_times_are_in_utc_to_the_second(self, store: Store, call: Call) -> None:
        given = {"_id": "p_1", "title": "x", "when": "2024-01-31T12:00:00Z"}
        assert call("POST", "/papers", reader="ann", json=given).status_code == 201
        assert call("GET", "/papers/p_1").json["when"] == given["when"]
        for moment in ("2024-01-31T12:00:00Z", "2024-01-31T14:00:00+02:00"):
            page = page_of(call("GET", "/papers", query={"where": json.dumps({"when": moment})}))
            assert [each["when"] for each in page["_items"]] == [given["when"]], moment


class TestItems:
    def test_documents_stored_by_other_programs_get_an_etag_and_dates(self, store: Store, call: Call) -> None:
        store.papers.insert_one({"_id": "p_1", "title": "bare"})
        (listed,) = page_of(call("GET", "/papers"))["_items"]
        item = call("GET", "/papers/p_1")
        assert listed == item.json
        assert set(listed) == {"_id", "title", "_etag", "_created", "_updated"}
        assert item.headers["ETag"] == f'"{listed["_etag"]}"'
        headers = {"If-Match": f'"{listed["_etag"]}"'}
        response = call("PATCH", "/papers/p_1", reader="ann", json={"title": "new"}, headers=headers)
        assert response.status_code == 200
        assert store.papers.find_one({"_id": "p_1"})["title"] == "new"

    def test_unchanged_document_is_not_sent_again(self, store: Store, call: Call) -> None:
        store.papers.insert_one({"_id": "p_1", "title": "one", "_etag": "e1"})
        response = call("GET", "/papers/p_1", headers={"If-None-Match": '"e1"'})
        assert (response.status_code, response.data) == (304, b"")
        assert call("GET", "/papers/p_1", headers={"If-None-Match": '"e0"'}).status_code == 200

    @pytest.mark.parametrize("known", ['W/"e1"', '"e0", "e1"', 'W/"e0" ,W/"e1"', "*"])
    def test_an_etag_may_be_weak_or_one_of_several(self, store: Store, call: Call, known: str) -> None:
        store.papers.insert_one({"_id": "p_1", "title": "one", "_etag": "e1"})
        for method in ("GET", "HEAD"):
            response = call(method, "/papers/p_1", headers={"If-None-Match": known})
            assert (response.status_code, response.data) == (304, b"")
            assert response.headers["ETag"] == '"e1"'

    @pytest.mark.parametrize("since", ["yesterday", "", "Thu, 01 Jan 1970 00:00:00 GMT"])
    def test_invalid_or_past_date_gets_the_document(self, store: Store, call: Call, since: str) -> None:
        store.papers.insert_one(
            {"_id": "p_1", "title": "one", "_etag": "e1", "_updated": datetime(2024, 1, 31)}
        )
        assert call("GET", "/papers/p_1", headers={"If-Modified-Since": since}).status_code == 200
        later = {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"}
        assert call("GET", "/papers/p_1", headers=later).status_code == 304

    def test_a_password_for_a_proxy_makes_nobody_a_reader(self, store: Store, call: Call) -> None:
        headers = {"Authorization": "Basic YW5uOnB3"}
        assert call("GET", "/papers", headers=headers).status_code == 200
        assert call("GET", "/notes", headers=headers).status_code == 401

    def test_client_cannot_choose_the_host(self, store: Store, call: Call) -> None:
        headers = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}
        made = call("POST", "/papers", reader="ann", json={"_id": "p_1", "title": "one"}, headers=headers)
        for response in (
            made,
            *(call("GET", path, headers=headers) for path in ("/", "/papers", "/docs//x")),
        ):
            assert "elsewhere" not in f"{response.headers} {response.text}"

    @pytest.mark.parametrize("accept", ACCEPTED)
    def test_parameters_of_media_types_are_ignored(self, store: Store, call: Call, accept: str) -> None:
        assert call("GET", "/papers", headers={"Accept": accept}).status_code == 200

    @pytest.mark.parametrize("accept", ["text/html; q=1", "application/json;charset=utf-8;q=0", "text/*"])
    def test_client_that_does_not_accept_json_is_refused(
        self, store: Store, call: Call, refused: Callable[..., Any], accept: str
    ) -> None:
        refused(call("GET", "/papers", headers={"Accept": accept}), 406, "application/json")

    def test_compressed_body_is_refused(self, call: Call, refused: Callable[..., Any]) -> None:
        headers = {"Content-Encoding": "gzip", "Content-Type": "Application/JSON; Charset=UTF-8"}
        response = call("POST", "/papers", reader="ann", data=b"{}", headers=headers)
        refused(response, 415, "content-encoding")

    def test_a_change_shows_at_once_with_a_new_etag(self, store: Store, call: Call) -> None:
        made = call("POST", "/papers", reader="ann", json={"_id": "p_1", "title": "one", "score": 1})
        assert made.status_code == 201
        assert made.headers["Location"].endswith("/papers/p_1")
        headers = {"If-Match": f'"{made.json["_etag"]}"'}
        changed = call("PATCH", "/papers/p_1", reader="ann", json={"score": 2}, headers=headers)
        shown = call("GET", "/papers/p_1").json
        assert (shown["title"], shown["score"]) == ("one", 2)
        assert shown["_etag"] == changed.json["_etag"] != made.json["_etag"]

    @pytest.mark.parametrize("path", ["/papers", "/papers/p_1", "/papers/p_9", "/nothing", "/papers?x=1"])
    def test_head_is_get_without_the_body(self, store: Store, call: Call, path: str) -> None:
        store.papers.insert_one({"_id": "p_1", "title": "one", "_etag": "e1"})
        get, head = call("GET", path), call("HEAD", path)
        assert (head.status_code, head.data) == (get.status_code, b"")
        differ = {"X-Request-ID"}
        assert {name: value for name, value in head.headers if name not in differ} == {
            name: value for name, value in get.headers if name not in differ
        }


class TestOperation:
    def test_ready_names_the_part_that_is_down(
        self, make_service: Make, make_caller: MakeCaller, kit_client: mongo.Client, away: mongo.Client
    ) -> None:
        parts = {"here": lambda: accepts_writes(kit_client), "there": lambda: accepts_writes(away)}
        response = make_caller(make_service(parts=parts))("GET", "/health/ready")
        assert response.status_code == 503
        assert response.json == {"_status": "ERR", "parts": {"here": "ok", "there": "down"}}
        assert int(response.headers["Retry-After"]) >= 1
        response = make_caller(make_service(parts=parts, optional=frozenset({"there"})))(
            "GET", "/health/ready"
        )
        assert response.status_code == 200
        assert response.json == {"_status": "OK", "parts": {"here": "ok", "there": "down"}}
        assert make_caller(make_service(parts=parts))("GET", "/health/live").status_code == 200

    def test_requests_are_counted_by_route(self, store: Store, call: Call) -> None:
        def counted() -> dict[tuple[str, str, str], float]:
            text = call("GET", "/metrics").text
            return {
                (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name == "http_requests_total"
            }

        store.papers.insert_many([{"_id": f"p_{each}", "title": "x"} for each in range(3)])
        before = counted()
        for path in ("/papers", "/papers/p_0", "/papers/p_1", "/papers/p_2", "/papers/p_9", "/no", "/none"):
            call("GET", path)
        call("BREW", "/papers")
        more = {key: value - before.get(key, 0) for key, value in counted().items()}
        item = next(route for _, route, _ in more if route.startswith("/papers/<"))
        found = {key: value for key, value in more.items() if value and key[1] != "/metrics"}
        assert found == {
            ("GET", "/papers", "200"): 1,
            ("GET", item, "200"): 3,
            ("GET", item, "404"): 1,
            ("GET", "none", "404"): 2,
            ("other", "none", "405"): 1,
        }

    def test_home_links_to_the_resources(self, call: Call) -> None:
        home = call("GET", "/").json
        assert {each["href"] for each in home["_links"]["child"]} == {"papers", "notes", "batches", "members"}
        for link in (*home["_links"]["child"], home["_links"]["docs"], home["_links"]["describedby"]):
            assert call("GET", f"/{link['href']}", reader="ann").status_code == 200


@pytest.fixture
def away() -> Iterator[mongo.Client]:
    """A client of a port on which no server listens."""
    uri = f"mongodb://127.0.0.1:{free_port()}/nowhere?replicaSet=rs0"
    patience = {"serverSelectionTimeoutMS": 200, "connectTimeoutMS": 200, "socketTimeoutMS": 200}
    with MongoClient[dict[str, Any]](uri, **patience) as client:
        yield client


class TestAway:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/papers", None),
            ("HEAD", "/papers", None),
            ("GET", '/papers?where={"score": 1}&sort=-score', None),
            ("GET", "/notes", None),
            ("GET", "/papers/p_1", None),
            ("GET", "/notes/n_1", None),
            ("POST", "/papers", {"_id": "p_1", "title": "valid"}),
            ("POST", "/notes", {"_id": "n_1", "text": "valid"}),
            ("POST", "/batches", {"title": "valid and unique"}),
            ("POST", "/batches", [{"title": "one"}, {"title": "another"}]),
            ("PATCH", "/papers/p_1", {"title": "valid"}),
            ("PUT", "/papers/p_1", {"_id": "p_1", "title": "valid"}),
            ("DELETE", "/papers/p_1", None),
            ("DELETE", "/notes/n_1", None),
        ],
    )
    def test_database_that_is_away_is_reported(
        self,
        make_service: Make,
        make_caller: MakeCaller,
        away: mongo.Client,
        refused: Refused,
        method: str,
        path: str,
        body: Any,
    ) -> None:
        call = make_caller(make_service(client=away))
        options = {} if body is None else {"json": body}
        response = call(method, path, reader="ann", headers=ETAG, **options)
        if method == "HEAD":
            assert response.status_code == 503
        else:
            refused(response, 503, "database")
        assert 1 <= int(response.headers["Retry-After"]) <= 60

    def test_requests_without_the_database_work(
        self, make_service: Make, make_caller: MakeCaller, away: mongo.Client
    ) -> None:
        call = make_caller(make_service(client=away))
        assert call("GET", "/health/live").status_code == 200
        assert call("GET", "/openapi.json").status_code == 200
        assert call("POST", "/papers", reader="ann", json={"title": 7}).status_code == 422
        assert call("GET", "/papers?page=0").status_code == 400
        assert call("POST", "/papers", json={}).status_code == 401

    def test_next_response_has_no_trace_of_the_error(
        self, make_service: Make, make_caller: MakeCaller, away: mongo.Client, store: Store
    ) -> None:
        assert (
            make_caller(make_service(client=away))("POST", "/batches", json={"title": "x y"}).status_code
            == 503
        )
        assert make_caller(make_service())("POST", "/batches", json={"title": "x y"}).status_code == 201


class TestTwoApplications:
    @pytest.fixture
    def both(self, store: Store, make_service: Make, make_caller: MakeCaller) -> tuple[Call, Call]:
        """An application that requires ETags and one that does not; the first was used alone before."""
        strict = make_service()
        config.cache_only(strict)
        assert vars(eve.utils.config)["IF_MATCH"] is True
        return make_caller(strict), make_caller(make_service(eve={"IF_MATCH": False}))

    def test_each_sees_its_own_settings(self, store: Store, both: tuple[Call, Call]) -> None:
        strict, easy = both
        for each in range(2):
            store.papers.insert_one({"_id": f"p_{each}", "title": "x"})
            change = {"reader": "ann", "json": {"title": "y"}}
            assert strict("PATCH", f"/papers/p_{each}", **change).status_code == 428
            assert easy("PATCH", f"/papers/p_{each}", **change).status_code == 200
            assert strict("PATCH", f"/papers/p_{each}", **change).status_code == 428

    def test_settings_are_found_without_an_application_context(
        self, both: tuple[Call, Call], store: Store
    ) -> None:
        assert vars(eve.utils.config) == {}
        insert(store, 1)
        assert [page_of(call("GET", "/papers"))["_meta"]["total"] for call in both] == [1, 1]
