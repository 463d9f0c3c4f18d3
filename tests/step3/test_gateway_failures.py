"""What the gateway does about instances that are dead, slow, or cut their responses off."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families as parsed

from step3_async.client.upstream.guards import RETRY_RESERVE, RETRY_SHARE
from tests.step3.backends import Backend, Stage, cut_off, hang, nats, refuse, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

AT_ONCE = 5.0
"""Seconds within which a response that needs no service comes anywhere; a request may take twice that."""


async def timed(stage: Stage, path: str) -> tuple[int, float]:
    """Return the status of a response, and the seconds that it took."""
    started = time.monotonic()
    response = await stage.get(path)
    return response.status, time.monotonic() - started


async def statuses(stage: Stage, path: str, count: int) -> list[int]:
    """Return the statuses of `count` requests at the same time."""
    return [each.status for each in await asyncio.gather(*(stage.get(path) for _ in range(count)))]


async def metric(stage: Stage, name: str, **labels: str) -> float:
    """Return the value of one of the gateway's metrics."""
    text = await (await stage.get("/metrics")).text()
    samples = [sample for family in parsed(text) for sample in family.samples]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


@asynchronous
async def test_dead_instance_gets_no_requests(stage: Stage) -> None:
    """Another instance responds instead, also to a request that is not idempotent."""
    alive, dead = [await stage.add("list") for _ in range(2)]
    await dead.die()
    for _ in range(20):
        assert (await stage.get("/api/posts")).status == 200
    await dead.serve()

    async def both_respond() -> bool:
        await statuses(stage, "/api/posts", 4)
        return bool(dead.requests)

    await until(both_respond)
    assert len(alive.requests) >= 20


@asynchronous
async def test_write_is_retried_only_if_it_was_not_sent(stage: Stage) -> None:
    alive, dead = [await stage.add("share") for _ in range(2)]
    await dead.die()
    for _ in range(5):
        assert (await stage.request("POST", "/api/posts/t3_1/share", json={})).status == 200
    await dead.serve()
    for each in (alive, dead):
        each.handler = cut_off
        each.requests.clear()
    response = await stage.request("POST", "/api/posts/t3_1/share", json={})
    assert response.status == 503
    assert len(alive.requests) + len(dead.requests) == 1


@asynchronous
async def test_read_that_is_cut_off_is_retried_at_another_instance(stage: Stage) -> None:
    broken, sound = [await stage.add("list") for _ in range(2)]
    broken.handler = cut_off
    assert await statuses(stage, "/api/posts", 4) == [200] * 4
    await until(lambda: broken.requests or statuses(stage, "/api/posts", 2))
    assert sound.requests


@asynchronous
async def test_retries_do_not_multiply_the_load(stage: Stage) -> None:
    backends = [await stage.add("list", handler=cut_off) for _ in range(3)]
    requests, began = 100, time.monotonic()
    for _ in range(requests):
        await stage.get("/api/posts")
    calls = sum(len(each.requests) for each in backends)
    seconds = time.monotonic() - began
    assert calls <= (1 + RETRY_SHARE) * requests + RETRY_RESERVE + seconds  # a token a second comes back


@asynchronous
async def test_without_instances_the_response_is_503_at_once(stage: Stage) -> None:
    status, seconds = await timed(stage, "/api/search?q=a")
    assert (status, seconds < AT_ONCE) == (503, True)
    search = await stage.add("search")
    await search.die()
    assert (await stage.get("/api/search?q=a")).status == 503
    status, seconds = await timed(stage, "/api/search?q=a")
    assert (status, seconds < AT_ONCE) == (503, True)
    await search.serve()

    async def is_back() -> bool:
        return (await stage.get("/api/search?q=a")).status == 200

    await until(is_back)


@pytest.mark.settings(REQUEST_SECONDS="1.2")
@asynchronous
async def test_breaker_opens_for_a_hanging_instance_and_lets_one_request_try(stage: Stage) -> None:
    search = await stage.add("search", handler=hang)
    path = "/api/search?q=a"
    responses = await asyncio.gather(*(timed(stage, f"{path}{n}") for n in range(8)))
    assert {status for status, _ in responses} == {504}
    status, seconds = await timed(stage, path)
    assert (status, seconds < AT_ONCE) == (503, True)
    known = len(search.requests)

    async def one_is_let_through() -> bool:
        await asyncio.gather(*(timed(stage, f"{path}{n}") for n in range(5)))
        return len(search.requests) > known

    await until(one_is_let_through)
    assert len(search.requests) == known + 1
    search.handler = search._echo

    async def is_back() -> bool:
        return (await stage.get(path)).status == 200

    await until(is_back)


@pytest.mark.settings(REQUEST_SECONDS="60")
@asynchronous
async def test_slow_service_does_not_slow_down_others(stage: Stage) -> None:
    gate = asyncio.Event()

    async def slowly(_request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response({})

    async def fast(_request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    search = await stage.add("search", handler=slowly)
    await stage.add("list", handler=fast)
    slow = [asyncio.create_task(stage.get(f"/api/search?q={n}")) for n in range(16)]
    await until(lambda: search.requests)
    slow += [asyncio.create_task(stage.get(f"/api/search?q={n}")) for n in range(16, 400)]
    for _ in range(100):
        assert (await timed(stage, "/api/posts"))[0] == 200
    assert len(search.requests) <= 16
    gate.set()
    responses = await asyncio.gather(*slow)
    assert {each.status for each in responses} == {200, 503}
    assert sum(each.status == 503 for each in responses) >= 100


@asynchronous
async def test_one_kind_of_page_cannot_occupy_all_threads_of_web(stage: Stage) -> None:
    at_once: dict[str, int] = {}
    gate = asyncio.Event()

    async def respond(request: web.Request) -> web.StreamResponse:
        at_once[request.path] = at_once.get(request.path, 0) + 1
        if request.path == "/search":
            await gate.wait()
        return web.Response(text="page")

    await stage.add("web", handler=respond)
    slow = [asyncio.create_task(stage.get(f"/search?q={number}")) for number in range(20)]
    await until(lambda: at_once.get("/search"))
    assert (await timed(stage, "/"))[0] == 200
    assert at_once["/search"] <= 4
    (refused, *_), _ = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
    assert refused.result().status == 503
    gate.set()
    assert {each.status for each in await asyncio.gather(*slow)} == {200, 503}


@pytest.mark.settings(REQUEST_SECONDS="2")
@asynchronous
async def test_request_ends_at_its_deadline(stage: Stage) -> None:
    await stage.add("web", handler=hang)
    status, seconds = await timed(stage, "/")
    assert status == 504
    assert seconds > 1.9


@pytest.mark.settings(REQUESTS_AT_ONCE="5")
@asynchronous
async def test_too_many_requests_are_refused_at_once(stage: Stage) -> None:
    gate = asyncio.Event()

    async def waits(_request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response({})

    list_ = await stage.add("list", handler=waits)
    waiting = [asyncio.create_task(timed(stage, f"/api/posts?page={n}")) for n in range(5)]
    await until(lambda: len(list_.requests) == 5)
    status, seconds = await timed(stage, "/api/posts")
    assert (status, seconds < AT_ONCE) == (503, True)
    assert (await timed(stage, "/health/live"))[0] == 200
    gate.set()
    assert {status for status, _ in await asyncio.gather(*waiting)} == {200}


@asynchronous
async def test_a_read_ends_when_its_client_leaves_and_a_command_is_finished(stage: Stage) -> None:
    finished: list[str] = []

    async def slowly(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1.0 if request.method == "PUT" else 60)
        finished.append(request.method)
        return web.json_response({})

    backends: dict[str, Backend] = {
        "GET": await stage.add("list", handler=slowly),
        "PUT": await stage.add("like", handler=slowly),
    }
    targets = {"GET": "/api/posts", "PUT": "/api/posts/t3_1/like"}
    for method, backend in backends.items():
        reader, writer = await stage.connect()
        writer.write(f"{method} {targets[method]} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await until(lambda backend=backend: backend.requests)
        await asyncio.sleep(0)
        writer.transport.abort()
        del reader
    await until(lambda: backends["GET"].cancelled == 1)
    await until(lambda: finished == ["PUT"])
    assert backends["PUT"].cancelled == 0


@asynchronous
async def test_errors_of_a_service_open_its_breaker_and_those_of_web_do_not(stage: Stage) -> None:
    for service, path, opens in (("list", "/api/posts", True), ("web", "/", False)):
        backend = await stage.add(service, handler=refuse)
        for _ in range(12):
            await stage.get(path)
        assert (len(backend.requests) < 12) is opens
    assert await metric(stage, "client_breakers_opened_total", service="list") >= 1


@asynchronous
async def test_request_that_cannot_be_forwarded_is_refused(stage: Stage) -> None:
    await stage.add("web")
    reader, writer = await stage.connect()
    for value in (b"a\x01b", b"\xff\xfe"):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + value + b"\r\n\r\n")
        line = await reader.readline()
        assert line.split()[1] in (b"200", b"400"), (value, line)
        headers: dict[str, Any] = {}
        while (header := (await reader.readline()).strip()) != b"":
            name, _, given = header.partition(b": ")
            headers[name.decode().lower()] = given
        await reader.readexactly(int(headers["content-length"]))
    writer.close()
