"""What the API promises beyond the contract: Eve's conventions, for clients that we do not know."""

import json
from typing import Any

import jwt
import pytest
import requests

from tests.step1.running_parts import Parts
from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.responses import expect, expect_error


def where(**conditions: Any) -> str:
    return json.dumps(conditions)


def test_pages_link_to_each_other(parts: Parts, visitor: Client) -> None:
    requested = {"where": where(topic=parts.topic), "sort": "-score", "max_results": 7}
    pages = list(visitor.pages("/posts", **requested))
    assert [len(page["_items"]) for page in pages] == [7, 7, 7, 7, 2]
    assert [page["_meta"]["page"] for page in pages] == [1, 2, 3, 4, 5]
    assert {page["_meta"]["total"] for page in pages} == {30}
    scores = [post["score"] for page in pages for post in page["_items"]]
    assert scores == sorted(scores, reverse=True)
    assert "prev" not in pages[0]["_links"]
    assert "next" not in pages[-1]["_links"]


def test_newest_posts_come_first(parts: Parts, visitor: Client) -> None:
    found = visitor.items("/posts", where=where(topic=parts.topic), max_results=50)
    assert [post["_id"] for post in found] == [each.post_id for each in parts.posts]


def test_posts_can_be_sorted_by_id(parts: Parts, visitor: Client) -> None:
    ids = sorted(each.post_id for each in parts.posts)
    for sort, expected in (("_id", ids), ("-_id", ids[::-1])):
        found = visitor.items("/posts", where=where(topic=parts.topic), sort=sort, max_results=50)
        assert [post["_id"] for post in found] == expected


@pytest.mark.parametrize(
    ("requested", "shown"),
    [({"title": 1}, {"title"}), ({"title": 1, "score": 1}, {"title", "score"})],
)
def test_projection_includes_fields(parts: Parts, visitor: Client, requested: Any, shown: set[str]) -> None:
    found = visitor.items("/posts", projection=json.dumps(requested), max_results=3)
    for post in [*found, visitor.json(f"/posts/{parts.posts[0].post_id}", projection=json.dumps(requested))]:
        assert set(post) == shown | {"_id", "_etag", "_created", "_updated"}


def test_projection_excludes_fields(visitor: Client) -> None:
    (post,) = visitor.items("/posts", projection='{"text": 0}', max_results=1)
    assert "text" not in post
    assert {"title", "score", "created"} <= set(post)


def test_filters_compare_values(parts: Parts, visitor: Client) -> None:
    requested = where(topic=parts.topic, score={"$gte": 210, "$lt": 215})
    assert {post["score"] for post in visitor.items("/posts", where=requested)} == set(range(210, 215))
    either = json.dumps(
        {"$or": [{"_id": parts.posts[0].post_id}, {"_id": {"$in": [parts.posts[3].post_id]}}]}
    )
    assert len(visitor.items("/posts", where=either)) == 2
    late = where(topic=parts.topic, created={"$gt": "2020-09-13T12:26:35Z"})
    assert len(visitor.items("/posts", where=late)) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"where": '{"$expr": {"$gt": ["$score", 1]}}'},
        {"where": '{"$where": "1"}'},
        {"where": '{"title": {"$regex": "a"}}'},
        {"where": '{"love": 1}'},
        {"where": "score>1"},
        {"where": "["},
        {"sort": "love"},
        {"sort": "-"},
        {"projection": '{"love": 1}'},
        {"aggregate": "{}"},
        {"embedded": "{}"},
        {"page": "0"},
        {"max_results": "51"},
    ],
)
def test_forbidden_requests_are_refused(visitor: Client, query: dict[str, str]) -> None:
    expect_error(visitor.get("/posts", params=query), 400)


def test_item_has_an_etag(parts: Parts, visitor: Client, member: Reader) -> None:
    path = f"/posts/{parts.posts[0].post_id}"
    for client in (visitor, member):
        response = expect(client.get(path), 200)
        assert response.headers["ETag"] == f'"{response.json()["_etag"]}"'
        unchanged = expect(client.get(path, headers={"If-None-Match": response.headers["ETag"]}), 304)
        assert unchanged.content == b""


def test_a_mark_changes_the_etag_for_its_reader_only(parts: Parts, visitor: Client, member: Reader) -> None:
    path = f"/posts/{parts.posts[1].post_id}"
    own = {"If-None-Match": member.get(path).headers["ETag"]}
    public = {"If-None-Match": visitor.get(path).headers["ETag"]}
    expect(member.put(f"{path}/like"), 200)
    assert expect(member.get(path, headers=own), 200).json()["liked"] is True
    expect(member.get(path, headers=public), 200)
    expect(visitor.get(path, headers=public), 304)


def change(member: Reader, etag: str | None, **changes: Any) -> requests.Response:
    headers = {} if etag is None else {"If-Match": etag}
    return member.request("PATCH", f"/members/{member.username}", json=changes, headers=headers)


def test_change_needs_the_current_etag(member: Reader) -> None:
    first = expect(member.get(f"/members/{member.username}"), 200).headers["ETag"]
    expect_error(change(member, None, email="a@example.org"), 428)
    expect_error(change(member, '"another"', email="a@example.org"), 412)
    second = expect(change(member, first, email="a@example.org"), 200)
    assert second.headers["ETag"] != first
    expect_error(change(member, first, email="b@example.org"), 412)
    expect(change(member, second.headers["ETag"], email=None), 200)
    assert member.json(f"/members/{member.username}")["email"] is None


@pytest.mark.parametrize(
    "changes", [{"password": "another long one"}, {"_id": "somebody"}, {"role": "admin"}]
)
def test_only_the_email_address_can_be_changed(member: Reader, changes: dict[str, str]) -> None:
    etag = member.get(f"/members/{member.username}").headers["ETag"]
    body = expect_error(change(member, etag, **changes), 422)
    assert set(body["_issues"]) == set(changes)


def test_malformed_address_is_reported(member: Reader) -> None:
    etag = member.get(f"/members/{member.username}").headers["ETag"]
    assert set(expect_error(change(member, etag, email="nobody"), 422)["_issues"]) == {"email"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("_id", value) for value in ("ab", "Upper", "a b", "a" * 31, "name\n", 7, None)),
        *(("password", value) for value in ("short", "x" * 201, "with\ncontrol characters", 12345678901)),
        *(("email", value) for value in ("nobody", "a@b", 7)),
        *(("created", "2020-01-01T00:00:00Z"), ("admin", True)),
    ],
)
def test_invalid_member_gets_the_broken_rule(visitor: Client, field: str, value: Any) -> None:
    sound = {"_id": new_name(), "password": PASSWORD}
    body = expect_error(visitor.post("/members", json={**sound, field: value}), 422)
    assert set(body["_issues"]) == {field}


def test_used_name_is_refused(visitor: Client, member: Reader) -> None:
    again = {"_id": member.username, "password": PASSWORD}
    expect_error(visitor.post("/members", json=again), 409)


def test_several_members_at_once_are_refused(visitor: Client) -> None:
    several = [{"_id": new_name(), "password": PASSWORD} for _ in range(2)]
    expect_error(visitor.post("/members", json=several), 400)


def test_members_see_only_their_own_document(visitor: Client, member: Reader, other: Reader) -> None:
    content = member.json(f"/members/{member.username}")
    assert set(content) == {"_id", "_etag", "_created", "_updated", "created", "email"}
    expect_error(other.get(f"/members/{member.username}"), 403)
    expect_error(visitor.get(f"/members/{member.username}"), 401)
    expect_error(visitor.get("/members"), 405)


def test_name_that_looks_like_an_object_id_is_a_name(parts: Parts, visitor: Client) -> None:
    name = new_name().removeprefix("r_").ljust(24, "0")
    expect(visitor.post("/members", json={"_id": name, "password": PASSWORD}), 201)
    made = expect(visitor.post("/tokens", json={"username": name, "password": PASSWORD}), 201).json()
    assert Reader(parts.api, name, made["token"]).json(f"/members/{name}")["_id"] == name


def test_members_see_only_their_own_marks(parts: Parts, member: Reader, other: Reader, tag: str) -> None:
    liked, tagged = parts.posts[0].post_id, parts.posts[2].post_id
    expect(member.put(f"/posts/{liked}/like"), 200)
    expect(member.put(f"/posts/{tagged}/tags/{tag}"), 200)
    expect(other.put(f"/posts/{liked}/like"), 200)
    assert [mark["post"] for mark in member.items("/marks", where=where(liked=True))] == [liked]
    assert [mark["post"] for mark in member.items("/marks", where=where(tags=tag))] == [tagged]
    assert {mark["reader"] for mark in member.items("/marks")} == {member.username}
    expect_error(Client(parts.api).get("/marks"), 401)


def test_hidden_posts_are_in_no_collection(parts: Parts, visitor: Client, member: Reader) -> None:
    gone = parts.posts[5].post_id
    expect(member.put(f"/posts/{gone}/hide"), 200)
    for path, requested in (("/posts", {"where": where(topic=parts.topic)}), ("/search", {"q": parts.word})):
        assert gone not in {post["_id"] for post in member.all_items(path, **requested)}
        assert gone in {post["_id"] for post in visitor.all_items(path, **requested)}
    assert member.json(f"/posts/{gone}")["hidden"] is True


def test_head_is_get_without_a_body(parts: Parts, visitor: Client) -> None:
    for path in ("/posts", f"/posts/{parts.posts[0].post_id}"):
        response = expect(visitor.request("HEAD", path), 200)
        assert response.content == b""
        assert int(response.headers["Content-Length"]) > 0


def test_tokens_can_be_verified_with_the_published_keys(visitor: Client, member: Reader) -> None:
    published = visitor.json("/.well-known/jwks.json")
    keys = jwt.PyJWKSet.from_dict(published)
    kid = jwt.get_unverified_header(member.token)["kid"]
    found = jwt.decode(member.token, keys[kid], algorithms=["EdDSA"], issuer="stepping-stones")
    assert found["sub"] == member.username
    assert "d" not in published["keys"][0], "the private key is nobody's business"


def test_signing_out_ends_the_token_everywhere_at_once(parts: Parts, member: Reader) -> None:
    face = Reader(parts.face, member.username, member.token)
    expect(face.get("/me"), 200)
    expect(member.delete("/tokens/current"), 204)
    expect_error(member.get("/me"), 401)
    expect_error(member.get("/posts"), 401)
    expect_error(face.get("/me"), 401)
    expect_error(face.get("/"), 401)


def test_home_links_to_the_resources(visitor: Client) -> None:
    links = visitor.json("/")["_links"]
    assert {"posts", "search", "marks"} == {link["href"] for link in links["child"]}
    expect(visitor.get(links["docs"]["href"]), 200)
    expect(visitor.get(links["describedby"]["href"]), 200)
