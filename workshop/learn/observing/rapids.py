"""What the check of an exercise can observe of the rapids of step 3, and publish to them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import nats
from nats.errors import TimeoutError as NoMoreMessages
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy

from workshop.steps import Step
from workshop.stores.nats import NatsServer

STREAM = "RAPIDS"
SNAPSHOT_PAGE = "snapshot-page"
SECONDS = 5.0
BATCH = 500

Event = dict[str, Any]
Result = TypeVar("Result")


class Rapids:
    """The stream of events of a running step, for somebody who may do everything."""

    def __init__(self, step: Step) -> None:
        users = step.nats.users if step.nats else {}
        self._url = NatsServer().url(next(name for name, user in users.items() if user.get("manages")))

    def events(self, domain: str) -> list[Event]:
        """Return all events of a domain that the stream has, in its order, without pages of snapshots."""
        return self._run(lambda stream: _read(stream, f"rapids.{domain}.*"))

    def publish(self, events: Sequence[Event]) -> None:
        """Store events in this order, also those that the stream has already, and return when they are on
        disk.
        """

        async def publish(stream: JetStreamContext) -> None:
            for each in events:
                subject = f"rapids.{each['eventDomain']}.{each['eventName']}"
                # Without a message id: the server would drop what it has had in the last two minutes.
                await stream.publish(subject, json.dumps(each).encode(), timeout=SECONDS)

        self._run(publish)

    def pending(self, service: str) -> int:
        """Return how many events of its river a service has not handled yet."""

        async def count(stream: JetStreamContext) -> int:
            info = await stream.consumer_info(STREAM, service)
            return int(info.num_pending or 0) + int(info.num_ack_pending or 0)

        return self._run(count)

    def _run(self, work: Callable[[JetStreamContext], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            client = await nats.connect(self._url, allow_reconnect=False)
            try:
                return await work(client.jetstream(timeout=SECONDS))
            finally:
                await client.close()

        return asyncio.run(run())


async def _read(stream: JetStreamContext, subject: str) -> list[Event]:
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, inactive_threshold=SECONDS)
    reading = await stream.pull_subscribe(subject, stream=STREAM, config=config)
    events: list[Event] = []
    with suppress(NoMoreMessages):
        while (await reading.consumer_info()).num_pending:
            for message in await reading.fetch(BATCH, timeout=SECONDS):
                await message.ack()
                events.append(json.loads(message.data))
    await reading.unsubscribe()
    return [each for each in events if each["eventName"] != SNAPSHOT_PAGE]
