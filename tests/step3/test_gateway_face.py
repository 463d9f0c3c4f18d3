"""What wants JSON goes straight to a service; pages, forms and sessions go to the web face."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from step3_async.rapids.messages import AnnouncedPath
from tests.step3.backends import Stage, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

JSON, HTML = {"Accept": "application/json"}, {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = {"Authorization": "Bearer a.token"}
SESSION = {"Cookie": "other=1; session=abc"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def face(template: str, clients: Any = "json") -> AnnouncedPath:
    return AnnouncedPath(template=template, face=clients)


async def two(stage: Stage, *paths: AnnouncedPath) -> None:
    """Add the web face, and a service with these paths."""

    async def service(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"by": "list"}, headers={"Depends-On": "list.posts"})

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"by": "web"}, headers={"Cache-Control": "no-store"})

    await stage.add("web", handler=page)
    await stage.add("list", handler=service, paths=list(paths))


async def responder(stage: Stage, method: str, path: str, headers: dict[str, str]) -> str:
    response = await stage.request(method, path, headers=headers)
    return str((await response.json())["by"])


@pytest.mark.parametrize(
    ("headers", "by"),
    [
        ({}, "list"),
        (JSON, "list"),
        ({"Accept": "*/*"}, "list"),
        (TOKEN, "list"),
        ({**JSON, **TOKEN, **SESSION}, "list"),
        ({**JSON, "Cookie": "other=1"}, "list"),
        (HTML, "web"),
        ({**HTML, **TOKEN}, "web"),
        ({**JSON, **SESSION}, "web"),
        ({"Accept": "text/plain"}, "web"),
        (FORM, "web"),
    ],
    ids=str,
)
@asynchronous
async def test_client_that_wants_json_gets_it_from_the_service(
    stage: Stage, headers: dict[str, str], by: str
) -> None:
    await two(stage, face("/"), face("/posts/{post}/like"))
    assert await responder(stage, "GET", "/?page=2", headers) == by
    assert await responder(stage, "PUT", "/posts/t3_1/like", headers) == by


@asynchronous
async def test_only_paths_of_the_face_go_straight(stage: Stage) -> None:
    await two(stage, face("/"), AnnouncedPath(template="/posts"))
    assert await responder(stage, "GET", "/posts", JSON) == "web"
    assert await responder(stage, "GET", "/api/posts", JSON) == "list"


@pytest.mark.parametrize(
    ("headers", "by"), [({"Accept": "image/*"}, "list"), (SESSION, "list"), (HTML, "web")]
)
@asynchronous
async def test_pictures_come_straight_from_their_service(
    stage: Stage, headers: dict[str, str], by: str
) -> None:
    await two(stage, face("/images/{post}", "any"))
    assert await responder(stage, "GET", "/images/t3_1", headers) == by


@asynchronous
async def test_service_gets_the_path_of_the_face_unchanged(stage: Stage) -> None:
    list_ = await stage.add("list", paths=[face("/"), face("/posts/{post}")])
    for path in ("/?page=2", "/posts/t3_%2F1?a=b%20c", "/api/posts/t3_2"):
        await stage.get(path)
    assert [each.raw_path for each in list_.requests] == ["/?page=2", "/posts/t3_%2F1?a=b%20c", "/posts/t3_2"]


@asynchronous
async def test_service_response_has_the_headers_of_the_face(stage: Stage) -> None:
    await two(stage, face("/"))
    for_all = await stage.get("/")
    personal = await stage.get("/", **TOKEN)
    assert for_all.headers["Vary"] == personal.headers["Vary"] == "Accept, Cookie, Authorization"
    assert (for_all.headers["Cache-Control"], personal.headers["Cache-Control"]) == (
        "no-cache",
        "no-cache, private",
    )
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy"):
        assert name in for_all.headers


@asynchronous
async def test_policy_of_the_service_itself_is_kept(stage: Stage) -> None:
    async def kept(_request: web.Request) -> web.StreamResponse:
        return web.json_response({}, headers={"Cache-Control": "public, max-age=9", "Vary": "Accept"})

    await stage.add("list", handler=kept, paths=[face("/")])
    response = await stage.get("/", **TOKEN)
    assert (response.headers["Cache-Control"], response.headers["Vary"]) == ("public, max-age=9", "Accept")


@asynchronous
async def test_page_and_json_of_one_path_are_cached_apart(stage: Stage) -> None:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="page", headers={"Depends-On": "list.posts"})

    list_ = await stage.add("list", paths=[face("/")], handler=page)
    face_ = await stage.add("web", handler=page)
    for _ in range(3):
        await stage.get("/", **JSON)
        await stage.get("/", **HTML)
        await stage.get("/", **JSON, **TOKEN)
    assert (len(list_.requests), len(face_.requests)) == (4, 1), "of a reader nothing is cached"


@asynchronous
async def test_command_of_the_face_waits_for_views(stage: Stage) -> None:
    async def like(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"liked": True}, headers={"Command": "like:1:me:t3_1"})

    await stage.add("like", handler=like, paths=[face("/posts/{post}/like")])
    view = await stage.add("tagged", subscriptions=["like"])
    writing = asyncio.create_task(stage.request("PUT", "/posts/t3_1/like", headers={**JSON, **TOKEN}))
    await until(lambda: stage.backends[0].requests)
    assert not (await asyncio.wait([writing], timeout=0.2))[0]
    await view.publish_applied("like", ("me:t3_1", 1))
    response = await writing
    assert (response.status, "Command" in response.headers) == (200, False)
