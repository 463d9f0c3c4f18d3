"""What events cost at least: a change stream, JetStream and one `bulk_write` in one process, and no more.

`python -m workshop.bench.floor` copies the collection `bench_source.marks` to `bench_target.marks` by way of
the stream BENCH until it is ended; MONGODB_URI and NATS_URL say where. It prints a line once it follows.
"""

import asyncio
import os
from typing import Any

import nats
from bson import json_util
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from pymongo import AsyncMongoClient, ReplaceOne

SOURCE, TARGET, COLLECTION = "bench_source", "bench_target", "marks"
STREAM = "BENCH"
BATCH = 500

Document = dict[str, Any]


async def publish(client: AsyncMongoClient[Document], stream: JetStreamContext) -> None:
    """Publish each change as it comes."""
    async with await client[SOURCE][COLLECTION].watch(full_document="updateLookup") as changes:
        print("follows", flush=True)
        async for change in changes:
            await stream.publish(
                f"{STREAM}.changed",
                json_util.dumps(change["fullDocument"]).encode(),
                headers={"Nats-Msg-Id": change["_id"]["_data"]},
            )


async def take(client: AsyncMongoClient[Document], stream: JetStreamContext) -> None:
    """Write what is there, and go on when something comes."""
    river = await stream.subscribe(f"{STREAM}.*", durable="bench", manual_ack=True)
    target = client[TARGET][COLLECTION]
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


async def main() -> None:
    """Both, until ended."""
    uri = os.environ["MONGODB_URI"]
    client: AsyncMongoClient[Document] = AsyncMongoClient(uri, w="majority", journal=True)
    connection = await nats.connect(os.environ["NATS_URL"])
    stream = connection.jetstream()
    await stream.add_stream(StreamConfig(name=STREAM, subjects=[f"{STREAM}.*"]))
    await asyncio.gather(publish(client, stream), take(client, stream))


if __name__ == "__main__":
    asyncio.run(main())
