"""Cached responses: for whom, for how long, and none is older than a published change."""

import asyncio
import itertools
from typing import Any

import pytest
from aiohttp import web
from starlette.responses import Response

from step3_async.gateway.cache.response_cache import ResponseCache
from tests.step3.backends import Backend, Handler, Stage, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]


def counting(**headers: str) -> Handler:
    """Return a handler whose responses are numbered and depend on the posts of the list."""
    numbers = itertools.count(1)

    async def respond(request: web.Request) -> web.StreamResponse:
        number = next(numbers)
        sent = {"Depends_On": "list.posts", "Vary": "Accept, Authorization", "ETag": f'"e{number}"'} | headers
        body = {"number": number, "path": request.raw_path}
        return web.json_response(body, headers={name.replace("_", "-"): v for name, v in sent.items() if v})

    return respond


async def number(stage: Stage, path: str = "/api/posts", **headers: str) -> int:
    body: dict[str, int] = await stage.json(path, **headers)
    return body["number"]


@asynchronous
async def test_visitors_get_the_cached_response_until_a_change(stage: Stage) -> None:
    backend = await stage.add("list", handler=counting(), subscriptions=["posts", "hide"])
    assert [await number(stage) for _ in range(5)] == [1] * 5
    response = await stage.get("/api/posts")
    assert response.headers["Cache-Status"] == "gateway; hit"
    assert "Depends-On" not in response.headers
    await backend.publish_applied("hide", ("me:t3_1", 1))
    assert await number(stage) == 1
    await backend.publish_applied("posts", ("t3_1", 0))

    async def is_new() -> bool:
        return await number(stage) == 2

    await until(is_new)
    assert [await number(stage) for _ in range(3)] == [2] * 3


@asynchronous
async def test_each_response_has_its_own_id_and_conditions_are_met(stage: Stage) -> None:
    backend = await stage.add("list", handler=counting())
    ids = {(await stage.get("/api/posts")).headers["X-Request-ID"] for _ in range(4)}
    assert len(ids) == 4
    assert (await stage.get("/api/posts", X_Request_ID="mine")).headers["X-Request-ID"] == "mine"
    for known, status in (('"e1"', 304), ('W/"e1"', 304), ('"a", "e1"', 304), ("*", 304), ('"e2"', 200)):
        response = await stage.get("/api/posts", If_None_Match=known)
        assert (response.status, response.headers["ETag"]) == (status, '"e1"')
    head = await stage.request("HEAD", "/api/posts")
    assert (head.status, head.headers["ETag"], await head.text()) == (200, '"e1"', "")
    assert len(backend.requests) == 1
    response = await stage.get("/api/posts?page=2", If_None_Match='"e2"')
    assert response.status == 304
    assert "If-None-Match" not in backend.requests[-1].headers
    assert await number(stage, "/api/posts?page=2") == 2


@asynchronous
async def test_different_requests_are_cached_separately(stage: Stage) -> None:
    await stage.add("list", handler=counting())
    stage.shares(list={"v1": 100})
    seen = [
        await number(stage, "/api/posts"),
        await number(stage, "/api/posts?page=1"),
        await number(stage, "/api/posts/t3_1"),
        await number(stage, Accept="application/json"),
        await number(stage, Accept="text/html"),
        await number(stage, Service_Version="list=v1"),
    ]
    assert seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
@asynchronous
async def test_requests_with_credentials_get_nothing_from_the_cache(stage: Stage, header: str) -> None:
    await stage.add("web", handler=counting())
    assert [await number(stage, "/", **{header: "a"}) for _ in range(3)] == [1, 2, 3]
    assert [await number(stage, "/") for _ in range(3)] == [4, 4, 4]
    assert await number(stage, "/", **{header: "a"}) == 5


@pytest.mark.parametrize(
    "headers",
    [
        {"Depends_On": ""},
        {"Set_Cookie": "a=b"},
        {"Gaps": "tagged"},
        {"Vary": "Accept-Language"},
        {"Vary": "*"},
        {"Cache_Control": "no-store"},
        {"Cache_Control": "private, max-age=9"},
    ],
    ids=str,
)
@asynchronous
async def test_responses_for_one_client_are_not_cached(stage: Stage, headers: dict[str, str]) -> None:
    await stage.add("web", handler=counting(**headers))
    assert [await number(stage, "/") for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("change", ["settled", "instances"])
@asynchronous
async def test_an_overtaken_response_does_not_replace_a_newer_one(stage: Stage, change: str) -> None:
    """Its data was read before the change, and it comes after a newer response."""
    gates, inner = [asyncio.Event(), asyncio.Event()], counting()

    async def slowly(request: web.Request) -> web.StreamResponse:
        gate = gates[len(backend.requests) - 1] if len(backend.requests) <= len(gates) else None
        response = await inner(request)
        if gate:
            await gate.wait()
        return response

    backend = await stage.add("list", handler=slowly)
    pending = asyncio.create_task(stage.json("/api/posts"))
    await until(lambda: backend.requests)
    before = stage.gateway.cache.moment
    if change == "settled":
        await backend.publish_applied("posts", ("t3_1", 0))
    else:
        await stage.add("web")
    await until(lambda: stage.gateway.cache.moment > before)
    later = asyncio.create_task(stage.json("/api/posts"))
    await until(lambda: len(backend.requests) == 2)
    gates[1].set()
    assert (await later)["number"] == 2
    assert await number(stage) == 2
    gates[0].set()
    assert (await pending)["number"] == 1
    assert await number(stage) == 2


@asynchronous
async def test_overtaken_response_is_not_cached(stage: Stage) -> None:
    gate, inner = asyncio.Event(), counting()

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = await inner(request)
        await gate.wait()
        return response

    backend = await stage.add("list", handler=slowly)
    pending = asyncio.create_task(stage.json("/api/posts"))
    await until(lambda: backend.requests)
    before = stage.gateway.cache.moment
    await backend.publish_applied("posts", ("t3_1", 0))
    await until(lambda: stage.gateway.cache.moment > before)
    gate.set()
    assert (await pending)["number"] == 1
    assert [await number(stage) for _ in range(2)] == [2, 2]


@asynchronous
async def test_equal_requests_at_once_are_sent_once(stage: Stage) -> None:
    gate, inner = asyncio.Event(), counting()

    async def slowly(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return await inner(request)

    backend = await stage.add("list", handler=slowly)
    pending = [asyncio.create_task(stage.json("/api/posts")) for _ in range(50)]
    await until(lambda: stage.gateway.handler.in_flight == 50)
    gate.set()
    assert {each["number"] for each in await asyncio.gather(*pending)} == {1}
    assert len(backend.requests) == 1


@asynchronous
async def test_client_that_leaves_does_not_disturb_others(stage: Stage) -> None:
    gate, inner = asyncio.Event(), counting()

    async def slowly(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return await inner(request)

    backend = await stage.add("list", handler=slowly)
    _, writer = await stage.connect()
    writer.write(b"GET /api/posts HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n")
    await until(lambda: backend.requests)
    pending = [asyncio.create_task(stage.json("/api/posts", Accept="*/*")) for _ in range(5)]
    await until(lambda: stage.gateway.handler.in_flight == 6)
    writer.transport.abort()
    await until(lambda: stage.gateway.handler.in_flight == 5)
    gate.set()
    assert {each["number"] for each in await asyncio.gather(*pending)} == {1}
    assert (len(backend.requests), backend.cancelled) == (1, 0)


def test_nothing_is_cached_while_the_cache_is_bypassed() -> None:
    """A response that comes while the cache is bypassed is not there afterwards either."""
    cache, key = ResponseCache(10**6, 10), ("/api/posts", "", b"", ())
    response = Response(b"{}", headers={"Depends-On": "list.posts"})
    cache.bypassed = True
    assert cache.put(key, response, cache.moment) is None
    cache.bypassed = False
    assert cache.get(key) is None
    assert cache.put(key, response, cache.moment) is not None
    assert cache.get(key) is not None


@asynchronous
async def test_nothing_is_cached_while_messages_may_be_lost(stage: Stage) -> None:
    gate, inner = asyncio.Event(), counting()
    gate.set()

    async def slowly(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return await inner(request)

    backend = await stage.add("list", handler=slowly)
    assert [await number(stage) for _ in range(2)] == [1, 1]
    stage.nats.kill()
    try:
        await until(lambda: stage.gateway.cache.bypassed)
        assert [await number(stage) for _ in range(3)] == [2, 3, 4]
        gate.clear()
        both = [asyncio.create_task(number(stage)) for _ in range(2)]
        # As nothing can be shared, nobody waits for another's response.
        await until(lambda: len(backend.requests) == 6)
        gate.set()
        assert set(await asyncio.gather(*both)) == {5, 6}
    finally:
        stage.nats.start()
    await until(lambda: not stage.gateway.cache.bypassed)
    await until(lambda: stage.knows(backend))
    first = await number(stage)
    assert first > 6

    async def is_kept() -> bool:
        return await number(stage) == await number(stage)

    await until(is_kept)


@pytest.mark.settings(CACHE_MAX_ENTRIES="10")
@asynchronous
async def test_cache_stays_within_its_size(stage: Stage) -> None:
    backend: Backend = await stage.add("list", handler=counting())
    for page in range(30):
        await number(stage, f"/api/posts?page={page}")
        await number(stage, "/api/posts?page=0")
    assert len(backend.requests) == 30
    await number(stage, "/api/posts?page=1")
    assert len(backend.requests) == 31
    cache: Any = stage.gateway.cache
    assert len(cache._entries) == 10
    cache.clear()
    assert (cache._bytes, len(cache._entries)) == (0, 0)
