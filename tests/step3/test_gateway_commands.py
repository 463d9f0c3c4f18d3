"""When the gateway responds to commands, and how it shows the state of one."""

import asyncio
import time

import pytest
from aiohttp import web

from step3_async.gateway.commands.commands import Preference, preference_of
from step3_async.rapids.messages import AppliedReply
from tests.step3.backends import Backend, Handler, Stage, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

pytestmark = pytest.mark.settings(COMMAND_SECONDS="60", REQUEST_SECONDS="90")

LIKE = "/api/posts/t3_1/like"
KEY = "me:t3_1"
AT_ONCE = 30.0
"""Seconds: less than a wait for views would take, and more than anything else takes."""


def liking(revision: int = 1) -> Handler:
    """Return a handler that responds as the aggregate does."""

    async def respond(_request: web.Request) -> web.StreamResponse:
        body = {"post": "t3_1", "liked": True, "likes": 1}
        return web.json_response(body, headers={"Command": f"like:{revision}:{KEY}"})

    return respond


async def two_views(stage: Stage) -> tuple[Backend, Backend]:
    """Add an aggregate, and two views that subscribe to its events."""
    await stage.add("like", handler=liking())
    return await stage.add("recommend", subscriptions=["like"]), await stage.add(
        "tagged", subscriptions=["posts", "like"]
    )


async def later(stage: Stage, backend: Backend, seconds: float, revision: int = 1) -> None:
    """Publish after a while that the view shows the change."""
    await asyncio.sleep(seconds)
    await backend.publish_applied("like", (KEY, revision))


@asynchronous
async def test_a_write_gets_its_response_when_all_views_show_it(stage: Stage) -> None:
    first, second = await two_views(stage)
    writing = asyncio.create_task(stage.request("PUT", LIKE))
    await until(lambda: stage.backends[0].requests)
    await first.publish_applied("like", (KEY, 1))
    done, _ = await asyncio.wait([writing], timeout=0.25)
    assert not done
    await second.publish_applied("like", (KEY, 1))
    response = await writing
    assert (response.status, (await response.json())["likes"]) == (200, 1)
    assert "Command" not in response.headers
    assert (await stage.request("PUT", LIKE)).status == 200


@asynchronous
async def test_command_without_subscribers_does_not_wait(stage: Stage) -> None:
    await stage.add("like", handler=liking())
    await stage.add("list", subscriptions=["posts"])
    async with asyncio.timeout(AT_ONCE):
        assert (await stage.request("PUT", LIKE)).status == 200


@pytest.mark.settings(COMMAND_SECONDS="0.6")
@asynchronous
async def test_an_earlier_revision_is_not_enough(stage: Stage) -> None:
    await stage.add("like", handler=liking(3))
    view = await stage.add("tagged", subscriptions=["like"])
    await view.publish_applied("like", (KEY, 2), ("other:t3_1", 9))
    response = await stage.request("PUT", LIKE)
    body = await response.json()
    assert (response.status, body["state"], body["answer"]["liked"]) == (202, "pending", True)
    assert response.headers["Location"] == f"/commands/{body['command']}"
    await view.publish_applied("like", (KEY, 3))

    async def is_shown() -> bool:
        return (await stage.request("PUT", LIKE)).status == 200

    await until(is_shown)


@asynchronous
async def test_query_replaces_a_lost_message(stage: Stage) -> None:
    for view in await two_views(stage):
        view.replies[KEY] = AppliedReply(revision=1, dead_lettered=False)
        await view.reply_to_queries()
    async with asyncio.timeout(AT_ONCE):
        assert (await stage.request("PUT", LIKE)).status == 200


@asynchronous
async def test_a_view_that_leaves_is_not_waited_for(stage: Stage) -> None:
    first, second = await two_views(stage)
    writing = asyncio.create_task(stage.request("PUT", LIKE))
    await first.publish_applied("like", (KEY, 1))
    await second.leave()
    assert (await asyncio.wait_for(writing, AT_ONCE)).status == 200


@asynchronous
async def test_client_may_get_its_response_at_once_and_request_the_state_later(stage: Stage) -> None:
    first, second = await two_views(stage)
    for each in (first, second):
        await each.reply_to_queries()
    async with asyncio.timeout(AT_ONCE):
        response = await stage.request("PUT", LIKE, headers={"Prefer": "respond-async"})
    body = await response.json()
    assert (response.status, body["state"], body["answer"]["post"]) == (202, "pending", "t3_1")
    assert response.headers["Preference-Applied"] == "respond-async"
    where = response.headers["Location"]
    first.replies[KEY] = AppliedReply(revision=1, dead_lettered=False)
    body = await stage.json(where)
    assert body["state"] == "pending"
    assert body["services"] == {"recommend": "done", "tagged": "pending"}
    second.replies[KEY] = AppliedReply(revision=2, dead_lettered=True)
    body = await stage.json(where)
    assert (body["state"], body["services"]["tagged"]) == ("done", "done")
    second.replies[KEY] = AppliedReply(revision=0, dead_lettered=True)
    assert (await stage.json(where))["state"] == "failed"
    assert (await stage.get(where)).headers["Cache-Control"] == "no-store"


@asynchronous
async def test_a_dead_letter_fails_the_command_at_once(stage: Stage) -> None:
    for view in await two_views(stage):
        view.replies[KEY] = AppliedReply(revision=0, dead_lettered=True)
        await view.reply_to_queries()
    async with asyncio.timeout(AT_ONCE):
        response = await stage.request("PUT", LIKE)
    assert (response.status, (await response.json())["state"]) == (202, "failed")


@asynchronous
async def test_client_may_choose_a_shorter_wait(stage: Stage) -> None:
    first, second = await two_views(stage)
    for prefer in ("wait=1", "respond-async, wait=1"):
        started = time.monotonic()
        response = await stage.request("PUT", LIKE, headers={"Prefer": prefer})
        assert 0.9 < time.monotonic() - started < AT_ONCE
        assert (response.status, response.headers["Preference-Applied"]) == (202, prefer)
    for each in (first, second):
        await each.publish_applied("like", (KEY, 1))

    async def is_shown() -> bool:
        return (await stage.request("PUT", LIKE, headers={"Prefer": "wait=1"})).status == 200

    await until(is_shown)


@pytest.mark.parametrize("path", ["nothing", "WyJsaWtlIl0.forged", "", "..%2f", "a.b"])
@asynchronous
async def test_forged_ids_are_not_found(stage: Stage, path: str) -> None:
    assert (await stage.get(f"/commands/{path}")).status == 404
    assert (await stage.request("DELETE", f"/commands/{path}")).status == 405


@asynchronous
async def test_forms_of_the_web_face_wait_for_views(stage: Stage) -> None:
    async def form(request: web.Request) -> web.StreamResponse:
        headers = {"Command": f"like:1:{KEY}, like:1:me:t3_2", "Location": "/"}
        return web.Response(status=303 if request.method == "POST" else 200, headers=headers)

    _, second = await two_views(stage)
    await stage.add("web", handler=form)
    await later(stage, stage.backends[1], 0)
    publishing = asyncio.create_task(second.publish_applied("like", (KEY, 1), ("me:t3_2", 1)))
    writing = asyncio.create_task(stage.request("POST", "/logout"))
    await publishing
    await asyncio.sleep(0.2)
    assert not writing.done()
    await stage.backends[1].publish_applied("like", ("me:t3_2", 1))
    response = await writing
    assert (response.status, response.headers["Location"]) == (303, "/")
    assert "Command" not in response.headers


@asynchronous
async def test_an_error_is_returned_at_once(stage: Stage) -> None:
    async def full(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"_status": "ERR"}, status=422)

    aggregate = (await two_views(stage)) and stage.backends[0]
    aggregate.handler = full
    response = await stage.request("PUT", LIKE, headers={"Prefer": "respond-async"})
    assert (response.status, "Preference-Applied" in response.headers) == (422, False)


@pytest.mark.parametrize(
    ("headers", "is_async", "wait"),
    [
        ([], False, None),
        (["respond-async"], True, None),
        (["Respond-Async , WAIT = 10"], True, 10),
        (["respond-async", "wait=3"], True, 3),
        (["wait=3, wait=5"], False, 3),
        (['wait="4"; foo=bar, handling=lenient'], False, 4),
        (['return="a, wait=9"; x, wait=2'], False, 2),
        (["wait=-1", "wait=nan", "wait="], False, None),
        (["wait=1e9", "wait=99999"], False, None),
        (["respond-async=1"], True, None),
        ([";;", "=", '"'], False, None),
    ],
)
def test_prefer_header_is_parsed(headers: list[str], is_async: bool, wait: int | None) -> None:
    assert preference_of(", ".join(headers)) == Preference(is_async, wait)
