"""Helpers of the tests of NATS: users, events, and connections that end with the test."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus, Delivery, River, Unavailable
from step3_async.rapids.connect import connect
from tests.step3.nats_cluster import NatsCluster
from tests.step3.nats_server import NatsServer
from tests.support.eventually import PATIENCE, pauses

USERS: dict[str, dict[str, Any]] = {
    "capture": {"publishes": ["posts", "tag"], "provisions": True, "topics": {"reply": ["snapshot.request"]}},
    "search": {"subscriptions": ["posts", "tag"]},
    "list": {"subscriptions": ["posts"]},
    "gateway": {
        "topics": {
            "publish": ["registry.probe"],
            "subscribe": ["registry.heartbeat.>", "applied.>"],
            "request": ["applied-query.*"],
        }
    },
}
TEST_SECONDS = 150
Connect = Callable[..., Awaitable[Bus]]


def asynchronous(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an asynchronous test, in the loop of its stage or in a new one."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        work = asyncio.wait_for(test(*args, **kwargs), TEST_SECONDS)
        if "stage" in kwargs:
            kwargs["stage"].runner.run(work)
        else:
            asyncio.run(work)

    return run


@asynccontextmanager
async def connections(server: NatsServer | NatsCluster) -> AsyncIterator[Connect]:
    """Yield a function that connects as a user; the connections end with the block."""
    async with AsyncExitStack() as stack:

        async def connect_as(user: str, **options: Any) -> Bus:
            options.setdefault("provisions", user == "capture")
            transport = await connect(user, url=server.url(user), **options)
            stack.push_async_callback(transport.close)
            return transport

        yield connect_as


def event(number: int, domain: str = "posts", name: str = "post-changed", size: int = 0) -> Event:
    """Return an event, always the same for the same number."""
    return Event(
        event_id=f"{domain}-{number}",
        event_domain=domain,
        event_name=name,
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        key=f"t3_{number}",
        version=f"{number:016x}",
        payload={"number": number, "text": "x" * size},
    )


def events(numbers: Iterable[int], domain: str = "posts") -> list[Event]:
    """Return an event for each number."""
    return [event(number, domain) for number in numbers]


def number_of(delivery: Delivery) -> int:
    """Return the number of a delivered event."""
    number: int = Event.model_validate_json(delivery.data).payload["number"]
    return number


async def take(
    river: River, count: int, seconds: float = PATIENCE, acknowledge: bool = True
) -> list[Delivery]:
    """Return `count` deliveries. Raises AssertionError if they do not come."""
    taken: list[Delivery] = []
    deadline = time.monotonic() + seconds
    while len(taken) < count:
        assert time.monotonic() < deadline, f"{len(taken)} of {count} came"
        for delivery in await batch(river, count - len(taken)):
            taken.append(delivery)
            if acknowledge:
                await delivery.ack()
    return taken


class Traffic:
    """One connection publishes posts, `at_once` together, while two read their river."""

    def __init__(self, capture: Bus, rivers: Sequence[River], at_once: int) -> None:
        self.published = 0
        self._capture, self._rivers, self._at_once = capture, rivers, at_once
        self._epoch = rivers[1].epoch
        self._done = asyncio.Event()
        self._seen: set[int] = set()
        self._publishing = asyncio.create_task(self._publish())
        self._reading = [asyncio.create_task(self._read(river)) for river in rivers]

    async def await_progress(self, seconds: float = PATIENCE) -> None:
        """Wait until 200 more are published."""
        before = self.published
        await until(lambda: self.published > before + 200, seconds)

    async def check_all_received(self, seconds: float) -> None:
        """Stop publishing, and check that every confirmed event is read."""
        self._done.set()
        await asyncio.wait_for(asyncio.gather(self._publishing, *self._reading), seconds)
        assert self._seen == set(range(self.published))
        assert self._rivers[1].epoch == self._epoch

    async def _publish(self) -> None:
        while not self._done.is_set():
            await self._capture.publish_events(events(range(self.published, self.published + self._at_once)))
            self.published += self._at_once

    async def _read(self, river: River) -> None:
        while not (self._publishing.done() and self._seen >= set(range(self.published))):
            for delivery in await batch(river):
                self._seen.add(number_of(delivery))
                await delivery.ack()


async def traffic(connect: Connect, at_once: int) -> Traffic:
    """Start traffic between one connection that publishes and two that read."""
    rivers = [await (await connect("list")).open_river("list", ["posts"]) for _ in range(2)]
    return Traffic(await connect("capture"), rivers, at_once)


async def batch(river: River, most: int = 500, patience: float = 0.2) -> list[Delivery]:
    """Return the events that the river has; none while it cannot be reached."""
    try:
        return list(await river.fetch(most, patience))
    except Unavailable:
        return []


async def until(check: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until the result of `check`, awaited if necessary, is true, and return it."""
    deadline, waits = time.monotonic() + seconds, pauses()
    while True:
        found = check()
        if isinstance(found, Awaitable):
            found = await found
        if found or time.monotonic() > deadline:
            assert found
            return found
        await asyncio.sleep(next(waits))
