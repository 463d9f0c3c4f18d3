"""The profile is composed of several services, and a missing service leaves a gap."""

from aiohttp import web

from tests.step3.backends import Stage, hang, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

TOKEN = {"Authorization": "Bearer a.token"}


async def member(_request: web.Request) -> web.StreamResponse:
    """Respond with a profile."""
    content = {"username": "me", "email": None, "created": "then", "counts": {}}
    return web.json_response(content, headers={"Served-By": "members-1 v1"})


async def tagged(_request: web.Request) -> web.StreamResponse:
    """Respond as the view of all marks does."""
    content = {"counts": {"tags": 2, "likes": 2, "hidden": 0}}
    return web.json_response(content, headers={"Served-By": "tagged-1 v1"})


@asynchronous
async def test_parts_are_requested_for_the_reader(stage: Stage) -> None:
    await stage.add("members", handler=member)
    view = await stage.add("tagged", handler=tagged)
    response = await stage.get("/api/me", **TOKEN)
    assert (await response.json())["counts"] == {"tags": 2, "likes": 2, "hidden": 0}
    assert response.headers["Served-By"] == "members-1 v1, tagged-1 v1"
    assert all(each.headers["Authorization"] == TOKEN["Authorization"] for each in view.requests)
    head = await stage.request("HEAD", "/api/me", headers=TOKEN)
    assert head.headers["Content-Length"] == response.headers["Content-Length"]
    before = len(view.requests)
    assert (await stage.json("/api/me"))["counts"] == {}, "a visitor has done nothing"
    assert len(view.requests) == before


@asynchronous
async def test_slow_part_leaves_a_gap_in_time(stage: Stage) -> None:
    await stage.add("members", handler=member)
    await stage.add("tagged", handler=hang)
    response = await stage.get("/api/me", **TOKEN)
    assert (response.status, response.headers["Gaps"]) == (200, "tagged, counts")


@asynchronous
async def test_token_that_one_part_refuses_is_refused(stage: Stage) -> None:
    async def ended(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"_status": "ERR"}, status=401)

    await stage.add("members", handler=member)
    await stage.add("tagged", handler=ended)
    response = await stage.get("/api/me", **TOKEN)
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")


@asynchronous
async def test_profile_has_the_counts_of_several_services(stage: Stage) -> None:
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
