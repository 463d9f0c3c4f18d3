"""Responses composed of several services, and the gaps that a missing service leaves."""

import json
from typing import Any

from aiohttp import web

from kit.domain.marks.documents import put_mark
from tests.step3.backends import Handler, Stage, hang, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

TOKEN = {"Authorization": "Bearer a.token"}
MARKS: dict[str, dict[str, Any]] = {
    "t3_1": {"tags": ["red", "blue"], "liked": True, "hidden": False},
    "t3_2": {"liked": True},
}


def post(number: int) -> dict[str, Any]:
    """Return a post as a service shows it to everybody."""
    return {"_id": f"t3_{number}", "_etag": f"etag{number}", "title": f"Post {number}"}


def marked(number: int) -> Any:
    """Return a post as its reader has to see it."""
    shown, mark = post(number), MARKS.get(f"t3_{number}", {})
    put_mark(shown, sorted(mark.get("tags", [])), mark.get("liked", False), mark.get("hidden", False))  # type: ignore[arg-type]
    return shown


def posts(*numbers: int) -> Handler:
    """Return a handler that responds with a page of these posts, or with one of them."""

    async def respond(request: web.Request) -> web.StreamResponse:
        last = request.path.rpartition("/")[2]
        found = [post(number) for number in numbers]
        headers = {"Served-By": "list-1 v1"}
        if last.startswith("t3_"):
            one = next((each for each in found if each["_id"] == last), None)
            if one is None:
                error = {"_status": "ERR", "_error": {"code": 404, "message": "no"}}
                return web.json_response(error, status=404)
            headers |= {"ETag": f'"{one["_etag"]}"', "Last-Modified": "Sat, 21 Nov 2026 00:00:00 GMT"}
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
            return web.json_response(one, headers=headers)
        meta = {"page": 1, "max_results": 25, "total": len(found)}
        return web.json_response(
            {"_items": found, "_meta": meta, "_links": {"self": {"href": "posts"}}}, headers=headers
        )

    return respond


async def tagged(request: web.Request) -> web.StreamResponse:
    """Respond as the view of all marks does."""
    if request.path == "/counts":
        return web.json_response({"counts": {"tags": 2, "likes": 2, "hidden": 0}})
    requested = json.loads(request.query["where"])["post"]["$in"]
    items = [{"_id": f"me:{each}", "post": each, **MARKS[each]} for each in requested if each in MARKS]
    return web.json_response({"_items": items}, headers={"Served-By": "tagged-1 v1"})


async def filled(stage: Stage) -> None:
    """Add services with three posts."""
    for name in ("list", "search", "recommend"):
        await stage.add(name, handler=posts(1, 2, 3))


@asynchronous
async def test_a_reader_finds_their_marks_on_posts(stage: Stage) -> None:
    await filled(stage)
    view = await stage.add("tagged", handler=tagged)
    for path in ("/api/posts", "/api/search?q=a", "/api/recommended"):
        body = await stage.json(path, **TOKEN)
        assert body["_items"] == [marked(1), marked(2), marked(3)]
        assert body["_meta"]["total"] == 3
    assert all(each.headers["Authorization"] == TOKEN["Authorization"] for each in view.requests)
    response = await stage.get("/api/posts", **TOKEN)
    assert response.headers["Served-By"] == "list-1 v1, tagged-1 v1"
    head = await stage.request("HEAD", "/api/posts", headers=TOKEN)
    assert head.headers["Content-Length"] == response.headers["Content-Length"]
    assert (await stage.json("/api/posts"))["_items"] == [post(1), post(2), post(3)]


@asynchronous
async def test_one_post_has_an_etag_that_covers_the_marks(stage: Stage) -> None:
    await filled(stage)
    await stage.add("tagged", handler=tagged)
    response = await stage.get("/api/posts/t3_1", **TOKEN)
    assert await response.json() == marked(1)
    etag = response.headers["ETag"]
    assert etag == f'"{marked(1)["_etag"]}"'
    assert "Last-Modified" not in response.headers
    again = await stage.get("/api/posts/t3_1", If_None_Match=f'"x", {etag}', **TOKEN)
    assert (again.status, await again.text(), again.headers["ETag"]) == (304, "", etag)
    assert (await stage.get("/api/posts/t3_1", If_None_Match='"etag1"', **TOKEN)).status == 200
    assert (await stage.get("/api/posts/t3_1", If_None_Match='"etag1"')).status == 304
    assert (await stage.get("/api/posts/t3_9", **TOKEN)).status == 404


@asynchronous
async def test_missing_marks_leave_a_gap(stage: Stage) -> None:
    await filled(stage)

    async def check(gap: str) -> None:
        for path in ("/api/posts", "/api/search?q=a", "/api/recommended", "/api/posts/t3_2"):
            response = await stage.get(path, **TOKEN)
            assert (response.status, response.headers["Gaps"]) == (200, gap)
            body = await response.json()
            shown = body["_items"] if "_items" in body else [post(1), body, post(3)]
            assert shown == [post(1), post(2), post(3)]
        assert (await stage.get("/api/tags", **TOKEN)).status == 503

    await check("marks")  # no service with marks is known yet
    view = await stage.add("tagged", handler=tagged)
    await view.leave()
    await until(lambda: not stage.knows(view))
    await check("tagged")


@asynchronous
async def test_slow_part_leaves_a_gap_in_time(stage: Stage) -> None:
    await filled(stage)
    await stage.add("tagged", handler=hang)
    response = await stage.get("/api/posts", **TOKEN)
    assert (response.status, response.headers["Gaps"]) == (200, "tagged")


@asynchronous
async def test_token_that_one_part_refuses_is_refused(stage: Stage) -> None:
    async def ended(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"_status": "ERR"}, status=401)

    await filled(stage)
    await stage.add("tagged", handler=ended)
    response = await stage.get("/api/posts", **TOKEN)
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")


@asynchronous
async def test_profile_has_the_counts_of_several_services(stage: Stage) -> None:
    async def member(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"username": "me", "email": None, "created": "then", "counts": {}})

    async def shared(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"counts": {"shares": 7}})

    await stage.add("members", handler=member)
    response = await stage.get("/api/me", **TOKEN)
    assert (await response.json())["counts"] == {}
    assert response.headers["Gaps"] == "counts", "no service with counts is known yet"
    parts = [await stage.add("tagged", handler=tagged), await stage.add("share", handler=shared)]
    await stage.add_all()
    response = await stage.get("/api/me", **TOKEN)
    body = await response.json()
    assert body["counts"] == {"tags": 2, "likes": 2, "hidden": 0, "shares": 7}
    assert body["username"] == "me"
    assert "Gaps" not in response.headers
    for part in parts:
        await part.leave()
    await until(lambda: not any(stage.knows(part) for part in parts))
    response = await stage.get("/api/me", **TOKEN)
    assert (await response.json())["counts"] == {}
    assert response.headers["Gaps"] == "share, tagged"
