"""Which instances the gateway regards as up, which version gets a request, and what the registry shows."""

import asyncio
import time
from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from step3_async.client.routing.listener import SWEEP_SECONDS
from step3_async.rapids.messages import EXPIRY_SECONDS, HEARTBEAT, AnnouncedPath
from tests.step3.backends import Stage, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

PAUSE_SECONDS = 0.02


@asynchronous
async def test_registry_follows_instances_that_come_and_go(stage: Stage) -> None:
    first = await stage.add("list", tags=["kind:view", "verb:list"])
    second = await stage.add("list", tags=["kind:view", "verb:list", "zone:b"])
    await stage.add("like", tags=["kind:aggregate"])

    def found(*tags: str) -> list[str]:
        rows = [each.announced for each in stage.gateway.registry]
        return [each.instance for each in rows if {*tags} <= {*each.tags}]

    assert {*found("kind:view")} == {first.name, second.name}
    assert found("zone:b", "kind:view") == [second.name]
    assert found("zone:c") == []
    first.state = "starting"
    await until(lambda: not stage.knows(first))
    seen = {(await stage.json("/api/posts"))["by"] for _ in range(10)}
    assert seen == {second.name}
    first.state = "up"
    await until(lambda: stage.knows(first))
    await second.leave()
    await until(lambda: not stage.knows(second))
    assert not found("zone:b")


@asynchronous
async def test_silent_instance_is_dropped_but_not_while_nats_is_away(stage: Stage) -> None:
    silent, other = [await stage.add("list") for _ in range(2)]
    await silent.stop_announcing()
    await until(lambda: not stage.knows(silent))
    assert stage.knows(other)
    await stage.add_all()
    assert (await stage.get("/health/ready")).status == 200
    stage.nats.kill()
    try:
        await until(lambda: stage.gateway.cache.bypassed)
        end = time.monotonic() + EXPIRY_SECONDS + 1
        while time.monotonic() < end:
            assert stage.knows(other)
            await asyncio.sleep(PAUSE_SECONDS)
        assert (await stage.get("/api/posts")).status == 200
        body = await stage.json("/health/ready")
        assert (body["_status"], body["parts"]["rapids"]) == ("OK", "down")
    finally:
        stage.nats.start()
    await until(lambda: not stage.gateway.cache.bypassed)
    assert stage.knows(other)


@asynchronous
async def test_suspended_gateway_drops_no_instance(stage: Stage) -> None:
    """It has not received yet what was announced meanwhile."""
    await stage.add("list")
    known = stage.gateway.registry.up("list")
    time.sleep(EXPIRY_SECONDS + 0.1)
    await asyncio.sleep(2 * SWEEP_SECONDS)
    assert stage.gateway.registry.up("list") == known, "it was dropped and found anew"


@asynchronous
async def test_new_gateway_learns_all_instances_at_once(stage: Stage) -> None:
    backend = await stage.add("list")
    stage.gateway.registry._instances.clear()
    stage.gateway.registry._refresh()
    await backend.stop_announcing()  # it still responds to probes
    await backend.transport.publish("registry.probe", b"")
    await until(lambda: stage.knows(backend))


@asynchronous
async def test_versions_get_their_shares_unless_one_is_requested(stage: Stage) -> None:
    stage.shares(search={"v1": 20, "v2": 80, "v3": 0})
    for version in ("v1", "v2", "v3"):
        await stage.add("search", version)
    by = {each.name: each.version for each in stage.backends}

    async def drawn(count: int, **headers: str) -> Counter[str]:
        responses = [await stage.json("/api/search?q=a", **headers) for _ in range(count)]
        return Counter(by[each["by"]] for each in responses)

    async def shares_are_known() -> bool:
        return (await drawn(20))["v3"] == 0

    await until(shares_are_known)
    counted = await drawn(300)
    assert counted["v3"] == 0
    assert 30 <= counted["v1"] <= 95
    for version in by.values():
        assert await drawn(5, Service_Version=f"search={version}") == {version: 5}
    response = await stage.get("/api/search?q=a", Service_Version="list=v7, search=v9")
    body = await response.json()
    assert (response.status, body["_error"]["code"]) == (400, 400)
    assert "There is no search v9; there is: v1, v2, v3." in body["_error"]["message"]
    stage.shares(search={"v1": 0, "v2": 0, "v3": 100})

    async def all_are_v3() -> bool:
        return await drawn(10) == {"v3": 10}

    await until(all_are_v3)


@asynchronous
async def test_all_calls_for_a_request_go_to_the_version_that_was_drawn(stage: Stage) -> None:
    """A page and its cached copy are then of one version."""
    stage.shares(search={"v1": 50, "v2": 50})
    await stage.add("web")
    for version in ("v1", "v2"):
        await stage.add("search", version)

    async def versions_sent() -> set[str | None]:
        responses = [(await stage.json(f"/search?q={n}"))["headers"] for n in range(30)]
        return {each.get("service-version") for each in responses}

    async def both_are_drawn() -> bool:
        return await versions_sent() == {"search=v1", "search=v2"}

    await until(both_are_drawn)


@asynchronous
async def test_the_least_busy_instance_gets_the_request(stage: Stage) -> None:
    gate = asyncio.Event()
    busy, idle = [await stage.add("list") for _ in range(2)]
    plain = busy.handler

    async def wait(request: object) -> object:
        await gate.wait()
        return await plain(request)  # type: ignore[arg-type]

    busy.handler = wait  # type: ignore[assignment]
    waiting = []
    while not busy.requests:
        waiting.append(asyncio.create_task(stage.get(f"/api/posts?page={len(waiting)}")))
        await asyncio.sleep(PAUSE_SECONDS)
    instances = {each.announced.instance: each for each in stage.gateway.registry}
    await until(lambda: instances[idle.name].outstanding == 0 < instances[busy.name].outstanding)
    known = len(idle.requests)
    for page in range(20):
        assert (await stage.json(f"/api/posts?max_results={page}"))["by"] == idle.name
    assert len(idle.requests) == known + 20
    gate.set()
    await asyncio.gather(*waiting)


@asynchronous
async def test_the_admin_endpoints_show_health_and_the_registry(stage: Stage) -> None:
    response = await stage.get("/health/ready")
    body = await response.json()
    assert (response.status, body["parts"]["list"], body["parts"]["rapids"]) == (503, "down", "ok")
    backend = await stage.add("list", load=3, pending=7)
    web = await stage.add("web")
    body = await (await stage.get("/health/ready")).json()
    assert (body["_status"], body["parts"]["web"], body["parts"]["search"]) == ("ERR", "ok", "down")
    await stage.add_all()
    body = await stage.json("/health/ready")
    assert (body["_status"], {*body["parts"].values()}) == ("OK", {"ok"})
    search = next(each for each in stage.backends if each.service == "search")
    await search.leave()
    await until(lambda: not stage.knows(search))
    body = await stage.json("/health/ready")
    assert (body["_status"], body["parts"]["search"]) == ("OK", "down")
    assert await stage.json("/api/health/ready") == body
    await web.leave()
    await until(lambda: not stage.knows(web))
    assert (await stage.get("/health/ready")).status == 503
    stage.shares(list={"v1": 40})

    async def row_is_right() -> bool:
        rows = (await stage.json("/registry"))["instances"]
        row = next(each for each in rows if each["instance"] == backend.name)
        heartbeat = row.pop("heartbeat")
        assert 0 <= heartbeat < EXPIRY_SECONDS
        return bool(
            row
            == {
                "service": "list",
                "version": "v1",
                "share": 40,
                "instance": backend.name,
                "url": f"http://127.0.0.1:{backend.port}",
                "state": "up",
                "tags": ["verb:list"],
                "load": 3,
                "pending": 7,
                "pid": row["pid"],
                "breaker": "closed",
            }
        )

    await until(row_is_right)
    async with stage.client.get(f"{stage.own}/health/live") as live:
        assert await live.json() == {"_status": "OK"}
    async with stage.client.get(f"{stage.own}/") as other:
        assert other.status == 404
    assert (await stage.request("POST", "/health/live")).status == 405


@asynchronous
async def test_a_path_is_unknown_only_once_all_expected_services_have_been_seen(stage: Stage) -> None:
    for path in ("/api/posts", "/api/nothing", "/page"):
        response = await stage.get(path)
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
    await stage.add_all()
    assert (await stage.get("/api/nothing")).status == 404
    assert (await stage.get("/api/posts")).status == 200


@asynchronous
async def test_paths_of_a_service_that_is_away_get_503(stage: Stage) -> None:
    await stage.add_all()
    search = next(each for each in stage.backends if each.service == "search")
    await search.leave()
    await until(lambda: not stage.knows(search))
    response = await stage.get("/api/search?q=a")
    assert (response.status, response.headers["Retry-After"]) == (503, "1")


@asynchronous
async def test_a_new_service_gets_requests_for_what_it_announces(stage: Stage) -> None:
    await stage.add_all()
    assert (await stage.get("/api/posts/t3_1/neighbours")).status == 404
    new = await stage.add("neighbours", paths=[AnnouncedPath(template="/posts/{post}/neighbours")])
    assert (await stage.json("/api/posts/t3_1/neighbours"))["by"] == new.name


@asynchronous
async def test_service_cannot_announce_paths_for_another(stage: Stage) -> None:
    backend = await stage.add("list")
    forged = backend._described().model_copy(update={"service": "members", "instance": "members-1"})
    forged.paths = [AnnouncedPath(template="/tokens", trusts_gateway=True)]
    topic = f"{HEARTBEAT}.list.{backend.name}"
    await backend.transport.publish(topic, forged.model_dump_json().encode())
    later = await stage.add("list")  # what was sent before has been received by then
    assert stage.knows(later)
    assert stage.gateway.registry.routes.find("/api/tokens") is None


@asynchronous
async def test_requests_are_counted_by_kind(stage: Stage) -> None:
    for name in ("web", "list"):
        await stage.add(name)

    async def series() -> int:
        text = await (await stage.get("/metrics")).text()
        return sum(len(family.samples) for family in text_string_to_metric_families(text))

    async def count_request(number: int) -> None:
        await stage.get(f"/nothing-{number}")
        await stage.get(f"/api/nothing-{number}")
        await stage.get(f"/api/posts/t3_{number}")
        await stage.request(f"BREW{number}", "/")

    await count_request(0)
    await series()
    before = await series()
    for number in range(1, 10):
        await count_request(number)
    assert await series() == before
