"""Unit tests of the gateway's cache, coalescing and commands."""

import asyncio
import json
import time
from typing import Any

import pytest
from multidict import CIMultiDict
from prometheus_client import REGISTRY
from starlette.responses import Response

from kit.http.problems import DependencyTimeout, NotFound, Problem
from step3_async.client.routing.registry import Registry
from step3_async.gateway.cache import coalescing
from step3_async.gateway.cache.coalescing import Coalescing
from step3_async.gateway.cache.response_cache import OVERHEAD, ResponseCache, may_be_kept
from step3_async.gateway.commands import commands, read_your_writes
from step3_async.gateway.commands.commands import Commands, Preference, commands_of, preference_of
from step3_async.gateway.commands.read_your_writes import AppliedChanges, Command, overall
from step3_async.gateway.ingress.request import CacheKey, Request
from step3_async.rapids.messages import APPLIED_QUERY, Announcement, Applied, AppliedQuery, AppliedReply
from tests.step3.nats_helpers import asynchronous, until
from tests.support.ids import plain_id
from tests.support.memory_bus import Broker, MemoryBus

BODY = 100
SHARE = OVERHEAD + BODY
"""Bytes of an entry: an eighth of the cache, the largest that is allowed."""

LONG = 30.0
LIKE = Command("like", 3, "ada:t3_1")


def key(path: str) -> CacheKey:
    return path, "", "", ()


def page(*depends_on: str, size: int = BODY, status: int = 200, **headers: str) -> Response:
    depends = {"Depends-On": ", ".join(depends_on)} if depends_on else {}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(b"x" * size, status, headers={**depends, **more})


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class TestCache:
    def test_least_recently_used_responses_are_evicted_first(self) -> None:
        cache = ResponseCache(8 * SHARE, 100)
        for number in range(8):
            assert cache.put(key(f"/{number}"), page("list.posts"), 0)
        assert all(cache.get(key(f"/{number}")) for number in (7, 6, 5, 4, 3, 0, 1, 2))
        assert sample("gateway_cache_bytes") == 8 * SHARE
        cache.put(key("/8"), page("list.posts"), 0)
        kept = [number for number in range(9) if cache.get(key(f"/{number}"))]
        assert kept == [0, 1, 2, 3, 4, 5, 6, 8]
        assert sample("gateway_cache_bytes") == 8 * SHARE

    def test_response_larger_than_an_eighth_is_not_cached(self) -> None:
        cache = ResponseCache(8 * SHARE, 100)
        assert cache.put(key("/"), page("list.posts", size=BODY + 1), 0) is None
        assert cache.get(key("/")) is None

    def test_number_of_entries_is_limited(self) -> None:
        cache = ResponseCache(10**6, 2)
        for path in ("/a", "/b", "/c"):
            cache.put(key(path), page("list.posts"), 0)
        assert [cache.get(key(path)) is not None for path in ("/a", "/b", "/c")] == [False, True, True]

    def test_a_newer_response_takes_the_place_of_an_older_one(self) -> None:
        cache = ResponseCache(10**6, 10)
        cache.put(key("/"), page("list.posts", "tag.tags", size=10), 0)
        cache.put(key("/"), page("list.posts", size=20), 0)
        kept = cache.get(key("/"))
        assert kept is not None and len(kept.body) == 20
        assert sample("gateway_cache_bytes") == OVERHEAD + 20
        cache.drop("tag.tags")
        assert cache.get(key("/")) is not None

    def test_a_change_drops_what_depends_on_it(self) -> None:
        cache = ResponseCache(10**6, 10)
        cache.put(key("/both"), page("list.posts", "tag.tags"), 0)
        cache.put(key("/posts"), page("list.posts"), 0)
        cache.put(key("/tags"), page("tag.tags"), 0)
        before = sample("gateway_cache_total", result="dropped")
        cache.drop("like.likes")
        cache.drop("tag.tags")
        kept = [path for path in ("/both", "/posts", "/tags") if cache.get(key(path))]
        assert kept == ["/posts"]
        assert sample("gateway_cache_total", result="dropped") - before == 2
        assert cache.moment == 2
        cache.clear()
        assert cache.get(key("/posts")) is None
        assert sample("gateway_cache_total", result="dropped") - before == 3
        assert sample("gateway_cache_bytes") == 0

    def test_response_to_a_request_before_a_change_is_not_cached(self) -> None:
        cache = ResponseCache(10**6, 10)
        cache.drop("like.likes")
        cache.drop("tag.tags")
        assert cache.put(key("/"), page("list.posts"), 0)
        for since, is_kept in ((0, False), (1, False), (2, True)):
            kept = cache.put(key("/"), page("list.posts", "like.likes", "tag.tags"), since)
            assert (kept is not None) == is_kept, since
        cache.clear()
        assert cache.put(key("/"), page("list.posts"), 2) is None
        assert cache.put(key("/"), page("list.posts"), 3)

    def test_response_is_cached_as_clients_see_it(self) -> None:
        cache = ResponseCache(10**6, 10)
        kept = cache.put(key("/"), page("list.posts", Command="like:1:a", ETag='"e"'), 0)
        assert kept is not None and kept is cache.get(key("/"))
        assert (kept.status_code, kept.body) == (200, b"x" * BODY)
        assert (b"cache-status", b"gateway; hit") in kept.raw_headers
        assert {"etag"} <= {*kept.headers} and not {"command", "depends-on"} & {*kept.headers}

    @pytest.mark.parametrize(
        ("response", "is_kept"),
        [
            (page("list.posts"), True),
            (page("list.posts", Vary="ACCEPT, Cookie, authorization", Cache_Control="max-age=9"), True),
            (page(), False),
            (page("list.posts", status=203), False),
            (page("list.posts", status=404), False),
            (page("list.posts", Set_Cookie="a=b"), False),
            (page("list.posts", Gaps="tagged"), False),
            (page("list.posts", Vary="Accept, Accept-Language"), False),
            (page("list.posts", Cache_Control="max-age=9, No-Store"), False),
            (page("list.posts", Cache_Control="Private"), False),
        ],
    )
    def test_only_responses_that_are_equal_for_all_are_cached(
        self, response: Response, is_kept: bool
    ) -> None:
        assert may_be_kept(response) == is_kept
        assert (ResponseCache(10**6, 10).put(key("/"), response, 0) is not None) == is_kept


class Origin:
    """Returns `response`, or raises it, once `gate` is open."""

    def __init__(self, response: Response | Problem) -> None:
        self.response = response
        self.gate = asyncio.Event()
        self.fetches = self.cancelled = 0

    async def fetch(self) -> Response:
        self.fetches += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.response, Problem):
            raise self.response
        return self.response


class TestCoalescing:
    async def both(self, origin: Origin, sharing: Coalescing, seconds: float = LONG) -> list[Any]:
        """Return the outcomes of two equal requests; the second came while the first was in flight."""
        tasks = [asyncio.create_task(sharing.fetch(key("/"), seconds, origin.fetch)) for _ in range(2)]
        await until(lambda: origin.fetches)
        for _ in range(5):
            await asyncio.sleep(0)
        origin.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    @asynchronous
    async def test_problem_is_raised_for_every_client(self) -> None:
        origin = Origin(NotFound("There is no such post."))
        found = await self.both(origin, Coalescing(ResponseCache(10**6, 10)))
        assert found == [origin.response, origin.response]
        assert origin.fetches == 1

    @asynchronous
    async def test_shared_response_is_as_it_is_cached(self) -> None:
        cache, origin = ResponseCache(10**6, 10), Origin(page("list.posts"))
        first, second = await self.both(origin, Coalescing(cache))
        assert first is origin.response
        assert second is cache.get(key("/"))
        assert origin.fetches == 1

    @pytest.mark.parametrize(("status", "waits"), [(200, False), (404, False), (500, True), (503, True)])
    @asynchronous
    async def test_key_of_a_response_that_cannot_be_shared_is_not_waited_for_again(
        self, status: int, waits: bool
    ) -> None:
        """An error of the service says nothing about its other responses."""
        sharing, origin = Coalescing(ResponseCache(10**6, 10)), Origin(page(status=status))
        await self.both(origin, sharing)
        assert origin.fetches == 2
        origin.gate.clear()
        tasks = [asyncio.create_task(sharing.fetch(key("/"), LONG, origin.fetch)) for _ in range(2)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert origin.fetches == (3 if waits else 4)
        origin.gate.set()
        assert await asyncio.gather(*tasks) == [origin.response] * 2

    @asynchronous
    async def test_overtaken_response_may_be_shared_the_next_time(self) -> None:
        cache = ResponseCache(10**6, 10)
        sharing, origin = Coalescing(cache), Origin(page("list.posts"))
        pending = asyncio.create_task(sharing.fetch(key("/"), LONG, origin.fetch))
        await until(lambda: origin.fetches)
        cache.drop("list.posts")
        origin.gate.set()
        await pending
        assert cache.get(key("/")) is None
        origin.gate.clear()
        assert (await self.both(origin, sharing))[1] is cache.get(key("/"))
        assert origin.fetches == 2

    @asynchronous
    async def test_request_sent_before_a_change_is_not_shared(self) -> None:
        cache = ResponseCache(10**6, 10)
        sharing, old, new = Coalescing(cache), Origin(page("list.posts")), Origin(page("list.posts", size=9))
        first = asyncio.create_task(sharing.fetch(key("/"), LONG, old.fetch))
        await until(lambda: old.fetches)
        cache.drop("list.posts")
        second = asyncio.create_task(sharing.fetch(key("/"), LONG, new.fetch))
        await until(lambda: new.fetches)
        old.gate.set()
        assert await first is old.response
        third = asyncio.create_task(sharing.fetch(key("/"), LONG, new.fetch))
        for _ in range(5):
            await asyncio.sleep(0)
        new.gate.set()
        assert len((await second).body) == len((await third).body) == 9
        assert new.fetches == 1

    @asynchronous
    async def test_waiting_ends_at_the_deadline(self) -> None:
        sharing, origin = Coalescing(ResponseCache(10**6, 10)), Origin(page("list.posts"))
        first = asyncio.create_task(sharing.fetch(key("/"), LONG, origin.fetch))
        await until(lambda: origin.fetches)
        with pytest.raises(DependencyTimeout, match=r"^What is at this address"):
            await sharing.fetch(key("/"), 0.01, origin.fetch)
        origin.gate.set()
        assert await first is origin.response
        assert origin.fetches == 1

    @asynchronous
    async def test_request_continues_for_the_others_when_its_client_leaves(self) -> None:
        cache, origin = ResponseCache(10**6, 10), Origin(page("list.posts"))
        sharing = Coalescing(cache)
        tasks = [asyncio.create_task(sharing.fetch(key("/"), LONG, origin.fetch)) for _ in range(3)]
        await until(lambda: origin.fetches)
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        origin.gate.set()
        assert await asyncio.gather(*tasks[1:]) == [cache.get(key("/"))] * 2
        assert origin.fetches == 1

    @asynchronous
    async def test_a_request_that_nobody_waits_for_is_cancelled(self) -> None:
        sharing, origin = Coalescing(ResponseCache(10**6, 10)), Origin(page("list.posts"))
        tasks = [asyncio.create_task(sharing.fetch(key("/"), LONG, origin.fetch)) for _ in range(2)]
        await until(lambda: origin.fetches)
        for each in tasks:
            each.cancel()
        await until(lambda: origin.cancelled)
        assert sharing._in_progress == {}
        origin.gate.set()
        assert await sharing.fetch(key("/"), LONG, origin.fetch) is origin.response

    @asynchronous
    async def test_keys_that_are_not_shared_are_remembered_for_a_while(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(coalescing, "REMEMBERED", 2)
        sharing, origin = Coalescing(ResponseCache(10**6, 10)), Origin(page())
        origin.gate.set()
        remembered = []
        for path in ("/a", "/b", "/c"):
            await sharing.fetch(key(path), LONG, origin.fetch)
            remembered.append(len(sharing._unshared))
        assert remembered == [1, 2, 1]
        assert key("/c") in sharing._unshared
        assert sharing._in_progress == {}


class TestCommands:
    def test_response_names_its_commands(self) -> None:
        named = "like:3:ada:t3_1, tag:x:k, hide:1:, hide:1, share:7:s:1,:2:k, broken"
        assert commands_of(page(Command=named)) == [LIKE, Command("share", 7, "s:1"), Command("", 2, "k")]
        assert commands_of(page()) == []

    @pytest.mark.parametrize(
        ("header", "preference"),
        [
            ("", Preference()),
            ("respond-async", Preference(is_async=True)),
            ("Respond-Async; x=1, WAIT = 7 ;x=1", Preference(is_async=True, wait=7)),
            ('wait="7"', Preference(wait=7)),
            ("wait=9999, wait=1", Preference(wait=9999)),
            ("wait=10000", Preference()),
            ("wait=-1", Preference()),
            ("wait=٣", Preference()),
            ("wait", Preference()),
        ],
        ids=plain_id,
    )
    def test_preferences_are_read_as_rfc_7240_says(self, header: str, preference: Preference) -> None:
        assert preference_of(header) == preference


class Views:
    """Two views that subscribe to likes, one that does not, and the bus between them and the gateway."""

    def __init__(self) -> None:
        self.bus = MemoryBus(Broker())
        registry = Registry((), on_change=lambda: None)
        for service, subscriptions in (
            ("recommend", ["like"]),
            ("tagged", ["like", "tag"]),
            ("list", ["posts"]),
        ):
            registry.update(
                Announcement(
                    service=service,
                    version="v1",
                    instance=f"{service}-1",
                    url="http://127.0.0.1:1",
                    tags=[],
                    subscriptions=subscriptions,
                    state="up",
                    pid=1,
                )
            )
        self.changes = AppliedChanges(self.bus, registry)
        self.queried: list[tuple[str, AppliedQuery]] = []

    def note(self, service: str, revision: int, domain: str = "like", of: str = LIKE.key) -> None:
        self.changes.note(Applied(service=service, domain=domain, documents=[(of, revision)]))

    async def reply(self, service: str, revision: int | None, dead_lettered: bool = False) -> None:
        await self.reply_with(
            service, AppliedReply(revision=revision, dead_lettered=dead_lettered).model_dump_json().encode()
        )

    async def reply_with(self, service: str, content: bytes) -> None:
        async def reply(query: bytes) -> bytes:
            self.queried.append((service, AppliedQuery.model_validate_json(query)))
            return content

        await self.bus.reply(f"{APPLIED_QUERY}.{service}", reply)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_your_writes, "FIRST_SILENCE", 0.01)
    monkeypatch.setattr(read_your_writes, "LAST_SILENCE", 0.02)


def commands_of_gateway(views: Views, secret: str = "secret") -> Commands:
    return Commands(views.changes, secret, LONG)


class TestReadYourWrites:
    @asynchronous
    async def test_command_is_done_once_all_subscribers_have_published_it(self) -> None:
        views = Views()
        waiting = asyncio.create_task(views.changes.wait(LIKE, LONG))
        await asyncio.sleep(0)
        views.note("recommend", 3)
        views.note("list", 3)
        views.note("tagged", 2)
        views.note("tagged", 3, domain="tag")
        views.note("tagged", 3, of="ada:t3_2")
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        views.note("tagged", 4)
        assert await waiting == "done"
        assert await views.changes.wait(LIKE, 0) == "done"
        assert views.queried == [] and views.changes._waiting == {}

    @asynchronous
    async def test_older_message_that_comes_later_changes_nothing(self) -> None:
        views = Views()
        for service in ("recommend", "tagged"):
            for revision in (3, 1, 0):
                views.note(service, revision)
        assert await views.changes.wait(LIKE, 0) == "done"

    @asynchronous
    async def test_message_without_a_revision_is_not_remembered(self) -> None:
        views = Views()
        views.note("recommend", 0)
        assert len(views.changes._revisions) == 0

    @asynchronous
    async def test_number_of_remembered_changes_is_limited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(read_your_writes, "REMEMBERED", 2)
        views = Views()
        for of in ("a", "b", "a", "c"):
            views.note("list", 1, of=of)
        assert [each[2] for each in views.changes._revisions] == ["a", "c"]

    @asynchronous
    async def test_everybody_who_waits_for_a_document_is_notified(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At once: no query is sent, and nobody waits until one would be sent."""
        monkeypatch.setattr(read_your_writes, "FIRST_SILENCE", 2 * LONG)
        views = Views()
        await views.reply("recommend", None)
        views.note("tagged", 9)
        soon = asyncio.create_task(views.changes.wait(LIKE, 0.01))
        waiting = [asyncio.create_task(views.changes.wait(LIKE, 2 * LONG)) for _ in range(2)]
        assert await soon == "pending"
        queried = len(views.queried)
        async with asyncio.timeout(LONG):
            views.note("recommend", 3)
            assert await asyncio.gather(*waiting) == ["done", "done"]
        assert len(views.queried) == queried

    @asynchronous
    async def test_command_is_pending_while_a_view_does_not_reply(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(read_your_writes, "REPLY_SECONDS", 0.01)

        async def hang(_: bytes) -> bytes:
            await asyncio.sleep(2 * LONG)
            return b""

        views = Views()
        await views.bus.reply(f"{APPLIED_QUERY}.tagged", hang)
        await views.reply("recommend", 3)
        async with asyncio.timeout(LONG):
            assert await views.changes.states(LIKE) == {"recommend": "done", "tagged": "pending"}

    @pytest.mark.usefixtures("quick")
    @asynchronous
    async def test_view_that_publishes_nothing_gets_a_query(self) -> None:
        views = Views()
        views.note("recommend", 3)
        await views.reply("recommend", None)
        await views.reply("tagged", 3)
        assert await views.changes.wait(LIKE, LONG) == "done"
        assert views.queried == [("tagged", AppliedQuery(domain="like", key=LIKE.key))]
        assert await views.changes.wait(LIKE, 0) == "done"

    @pytest.mark.usefixtures("quick")
    @asynchronous
    async def test_one_dead_letter_fails_the_command(self) -> None:
        views = Views()
        await views.reply("recommend", 3)
        await views.reply("tagged", 2, dead_lettered=True)
        assert await views.changes.wait(LIKE, LONG) == "failed"

    @pytest.mark.usefixtures("quick")
    @asynchronous
    async def test_command_is_pending_after_the_wait(self) -> None:
        views = Views()
        await views.reply("recommend", 2)
        await views.reply_with("tagged", b"nonsense")
        began = time.monotonic()
        assert await views.changes.wait(LIKE, 0.1) == "pending"
        assert time.monotonic() - began >= 0.1
        assert {service for service, _ in views.queried} == {"recommend", "tagged"}
        queried = len(views.queried)
        assert await views.changes.wait(LIKE, 0) == "pending"
        assert len(views.queried) == queried

    @asynchronous
    async def test_states_are_the_replies_of_the_subscribers(self) -> None:
        views = Views()
        assert await views.changes.states(LIKE) == {"recommend": "pending", "tagged": "pending"}
        await views.reply("recommend", 4, dead_lettered=True)
        await views.reply("tagged", None, dead_lettered=True)
        await views.reply("list", 3)
        assert await views.changes.states(LIKE) == {"recommend": "done", "tagged": "failed"}
        assert await views.changes.states(Command("hide", 1, "k")) == {}

    def test_state_of_several_commands_is_the_worst_of_them(self) -> None:
        assert overall([]) == overall(["done"]) == "done"
        assert overall(["done", "pending"]) == "pending"
        assert overall(["pending", "failed", "done"]) == "failed"


class TestCommandResponses:
    def respond(self, views: Views, response: Response, prefer: str = "", seconds: float = LONG) -> Any:
        headers = CIMultiDict({"accept": "respond-async", **({"prefer": prefer} if prefer else {})})
        now = time.monotonic()
        request = Request(
            method="PUT",
            path="/api/posts/t3_1/like",
            query="",
            headers=headers,
            client="127.0.0.1",
            scheme="http",
            id="id",
            traceparent="",
            versions={},
            began=now,
            seconds=seconds,
            ends_at=now + seconds,
        )
        return commands_of_gateway(views).respond(request, response)

    def liked(self, **headers: str) -> Response:
        return Response(b'{"liked":true}', 200, {"Command": "like:3:ada:t3_1", **headers}, "application/json")

    @asynchronous
    async def test_client_gets_the_services_response_once_all_views_show_it(self) -> None:
        views, response = Views(), self.liked()
        waiting = asyncio.create_task(self.respond(views, response))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        views.note("recommend", 3)
        views.note("tagged", 3)
        waited = sample("gateway_command_seconds_sum")
        before = sample("gateway_command_seconds_count"), sample("gateway_commands_total", state="done")
        assert await waiting is response
        assert "preference-applied" not in response.headers
        after = sample("gateway_command_seconds_count"), sample("gateway_commands_total", state="done")
        assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]
        assert 0 <= sample("gateway_command_seconds_sum") - waited < LONG

    @asynchronous
    async def test_response_without_a_command_is_forwarded(self) -> None:
        response = page()
        assert await self.respond(Views(), response, "respond-async") is response
        assert "preference-applied" not in response.headers

    @pytest.mark.parametrize("prefer", ["respond-async", "wait=0", "respond-async, wait=0"])
    @asynchronous
    async def test_pending_command_gets_the_location_of_its_state(self, prefer: str) -> None:
        accepted = await self.respond(Views(), self.liked(ETag='"e"', Location="/there"), prefer)
        body = json.loads(accepted.body)
        assert accepted.status_code == 202
        assert (body["state"], body["answer"]) == ("pending", {"liked": True})
        state = json.loads((await commands_of_gateway(views := Views()).state(body["command"])).body)
        assert state["services"] == {"recommend": "pending", "tagged": "pending"}
        await views.reply("recommend", LIKE.revision)
        await views.reply("tagged", LIKE.revision - 1)
        state = json.loads((await commands_of_gateway(views).state(body["command"])).body)
        assert state["services"] == {"recommend": "done", "tagged": "pending"}
        assert {query.key for _, query in views.queried} == {LIKE.key}
        assert accepted.headers.getlist("location") == [f"/commands/{body['command']}"]
        assert accepted.headers["etag"] == '"e"'
        assert accepted.headers["preference-applied"] == prefer
        assert accepted.headers.getlist("content-length") == [str(len(accepted.body))]

    @asynchronous
    async def test_respond_async_does_not_wait(self) -> None:
        views = Views()
        views.note("recommend", 3)
        views.note("tagged", 3)
        body = json.loads((await self.respond(views, self.liked(), "respond-async")).body)
        assert body["state"] == "done"
        shown = await self.respond(views, self.liked(), "respond-async, wait=1")
        assert (shown.status_code, shown.headers["preference-applied"]) == (200, "respond-async, wait=1")

    @pytest.mark.usefixtures("quick")
    @asynchronous
    async def test_respond_async_sends_no_query(self) -> None:
        views = Views()
        await views.reply("recommend", 2)
        await views.reply("tagged", 2)
        assert (await self.respond(views, self.liked(), "respond-async")).status_code == 202
        assert views.queried == []

    @asynchronous
    async def test_empty_body_counts_as_json_and_a_page_does_not(self) -> None:
        empty = Response(None, 204, {"Command": "like:3:ada:t3_1"})
        assert json.loads((await self.respond(Views(), empty, "wait=0")).body)["answer"] is None
        for other in (
            Response("<p>", 200, {"Command": "like:3:ada:t3_1"}, "text/html"),
            Response(b"{}", 303, {"Command": "like:3:ada:t3_1"}, "application/json"),
            Response(b"{}", 300, {"Command": "like:3:ada:t3_1"}, "application/json"),
        ):
            assert await self.respond(Views(), other, "wait=0") is other
            assert "preference-applied" not in other.headers

    @asynchronous
    async def test_wait_ends_at_the_deadline_of_the_request(self) -> None:
        async with asyncio.timeout(LONG / 2):
            assert (await self.respond(Views(), self.liked(), seconds=0.2)).status_code == 202

    @asynchronous
    async def test_time_is_left_for_the_response_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(commands, "MARGIN", LONG)
        async with asyncio.timeout(LONG / 2):
            assert (await self.respond(Views(), self.liked(), seconds=LONG)).status_code == 202

    @pytest.mark.usefixtures("quick")
    @asynchronous
    async def test_response_waits_for_all_of_several_commands(self) -> None:
        views = Views()
        views.note("recommend", 3)
        views.note("tagged", 3)
        both = self.liked()
        both.headers.append("Command", "tag:1:k")
        await views.reply("tagged", None, dead_lettered=True)
        before = sample("gateway_commands_total", state="failed")
        body = json.loads((await self.respond(views, both)).body)
        assert body["state"] == "failed"
        assert sample("gateway_commands_total", state="failed") - before == 1

    @asynchronous
    async def test_state_of_several_commands_is_shown_by_service(self) -> None:
        views, both = Views(), self.liked()
        both.headers.append("Command", "tag:1:k")
        command = json.loads((await self.respond(views, both, "wait=0")).body)["command"]
        await views.reply("recommend", 3)
        await views.reply("tagged", 1)
        response = await commands_of_gateway(views).state(command)
        assert json.loads(response.body) == {
            "command": command,
            "state": "pending",
            "services": {"recommend": "done", "tagged": "pending"},
        }
        assert response.headers["cache-control"] == "no-store"
        for guessed in (command[:-1], ""):
            with pytest.raises(NotFound, match=r"^There is no such command\.$"):
                await commands_of_gateway(views).state(guessed)
        with pytest.raises(NotFound):
            await commands_of_gateway(views, "another secret").state(command)
