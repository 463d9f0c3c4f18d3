"""What events cost at least: a change stream, JetStream and a `bulk_write`, and no more.

`python -m workshop.bench.floor NUMBER` fills the collection `marks` of `bench_target<NUMBER>` from the stream
BENCH until it is ended; number 0 makes the stream, and publishes the changes of `bench_source.marks` as well.
MONGODB_URI and NATS_URL say where. It prints a line once it is at work.
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
    """Make the stream, empty."""
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


async def take(client: Client, river: Subscription, number: int) -> None:
    """Write what is there, and go on when something comes."""
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
    """Both, or the latter, until ended."""
    uri = os.environ["MONGODB_URI"]
    client: Client = AsyncMongoClient(uri, w="majority", journal=True)
    connection = await nats.connect(os.environ["NATS_URL"])
    stream = connection.jetstream()
    if number == 0:
        await make_stream(stream)
    river = await stream.subscribe(f"{STREAM}.*", durable=f"bench{number}", manual_ack=True)
    works = [take(client, river, number)]
    if number == 0:
        works.append(publish(client, stream))
    else:
        print("takes", flush=True)
    await asyncio.gather(*works)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
