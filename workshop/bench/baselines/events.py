"""The minimal pipeline for events: a change stream, JetStream and a `bulk_write`, and nothing else.

`python -m workshop.bench.baselines.events NUMBER` fills the collection `marks` of `bench_target<NUMBER>` from
the stream BENCH until it is stopped. Number 0 also creates the stream, and publishes the changes of
`bench_source.marks`. MONGODB_URI and NATS_URL name the servers. It prints a line once it is running.
"""

import asyncio
import contextlib
import os
import sys
from typing import Any

import nats
from bson import json_util
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError
from pymongo import AsyncMongoClient, ReplaceOne

SOURCE, TARGET, COLLECTION = "bench_source", "bench_target", "marks"
STREAM = "BENCH"
BATCH = 500

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Subscription = JetStreamContext.PushSubscription


async def make_stream(stream: JetStreamContext) -> None:
    """Create the stream, empty."""
    with contextlib.suppress(NotFoundError):
        await stream.delete_stream(STREAM)
    await stream.add_stream(StreamConfig(name=STREAM, subjects=[f"{STREAM}.*"]))


async def publish(client: Client, stream: JetStreamContext) -> None:
    """Publish each change as it comes."""
    async with await client[SOURCE][COLLECTION].watch(full_document="updateLookup") as changes:
        print("follows", flush=True)
        async for change in changes:
            await stream.publish(
                f"{STREAM}.changed",
                json_util.dumps(change["fullDocument"]).encode(),
                headers={"Nats-Msg-Id": change["_id"]["_data"]},
            )


async def consume(client: Client, river: Subscription, number: int) -> None:
    """Write the messages that are there, and wait for more."""
    target = client[f"{TARGET}{number}"][COLLECTION]
    while True:
        messages = [await river.next_msg(timeout=None)]
        while river.pending_msgs and len(messages) < BATCH:
            messages.append(await river.next_msg())
        documents = [json_util.loads(each.data.decode()) for each in messages]
        await target.bulk_write(
            [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents], ordered=False
        )
        for each in messages:
            await each.ack()


async def main(number: int) -> None:
    """Fill a collection until stopped, and with number 0 also publish."""
    uri = os.environ["MONGODB_URI"]
    client: Client = AsyncMongoClient(uri, w="majority", journal=True)
    connection = await nats.connect(os.environ["NATS_URL"])
    stream = connection.jetstream()
    if number == 0:
        await make_stream(stream)
    river = await stream.subscribe(f"{STREAM}.*", durable=f"bench{number}", manual_ack=True)
    works = [consume(client, river, number)]
    if number == 0:
        works.append(publish(client, stream))
    else:
        print("reads", flush=True)
    await asyncio.gather(*works)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
