"""The durable consumer that a river is at the server."""

from collections.abc import Sequence
from dataclasses import dataclass

from step3_async.rapids.nats.connection import Connection, Json, Refused
from step3_async.rapids.nats.subjects import RAPIDS, river_subjects
from step3_async.rapids.transport import ALL, Unavailable

NANOSECONDS = 1_000_000_000
ACK_SECONDS = 10.0
"""What is not acknowledged for so long is handed out again."""

MOST_UNACKNOWLEDGED = 5000
EXISTS_ALREADY, NAME_IN_USE = 10148, 10013
TRIES = 3


@dataclass(frozen=True)
class Place:
    """Where a river lies: other than last time when it or the rapids were lost. `begun` if just made."""

    rapids: str
    begun: bool


async def ensure(connection: Connection, river: str, domains: Sequence[str]) -> Place:
    """Make the river, or see that it gets what it is to get. Raises Unavailable."""
    if river == ALL:
        raise ValueError(f"no river can be called {ALL!r}")
    for _ in range(TRIES):
        stream = await connection.found(f"STREAM.INFO.{RAPIDS}")
        if stream is None:
            raise Unavailable("there are no rapids: nobody has made them")
        consumer = await connection.found(f"CONSUMER.INFO.{RAPIDS}.{river}")
        if consumer is not None:
            await _adjust(connection, river, domains, consumer["config"])
            return Place(_rapids(stream, consumer), begun=False)
        # Named rather than "new": that would be found anew if the server died before it noted where that is.
        start = {"deliver_policy": "by_start_sequence", "opt_start_seq": stream["state"]["last_seq"] + 1}
        try:
            consumer = await _create(connection, river, "create", {**_config(river, domains), **start})
        except Refused as refused:
            if refused.reason not in (EXISTS_ALREADY, NAME_IN_USE):
                raise
            continue  # another instance was quicker
        return Place(_rapids(stream, consumer), begun=True)
    raise Unavailable(f"the river {river} is made and lost again and again")


async def pending(connection: Connection, river: str) -> int:
    """How many events are yet to be acknowledged or handed out. Raises Unavailable."""
    told = await connection.api(f"CONSUMER.INFO.{RAPIDS}.{river}")
    return int(told["num_pending"]) + int(told["num_ack_pending"])


async def _adjust(connection: Connection, river: str, domains: Sequence[str], config: Json) -> None:
    wanted = {**config, **_config(river, domains)}
    if sorted(config.get("filter_subjects", ())) != wanted["filter_subjects"]:
        await _create(connection, river, "update", wanted)


async def _create(connection: Connection, river: str, action: str, config: Json) -> Json:
    told = {"stream_name": RAPIDS, "action": action, "config": config}
    return await connection.api(f"CONSUMER.CREATE.{RAPIDS}.{river}", told)


def _config(river: str, domains: Sequence[str]) -> Json:
    return {
        "name": river,
        "durable_name": river,
        "ack_policy": "explicit",
        "ack_wait": int(ACK_SECONDS * NANOSECONDS),
        "max_ack_pending": MOST_UNACKNOWLEDGED,
        "max_deliver": -1,
        "filter_subjects": river_subjects(river, domains),
    }


def _rapids(stream: Json, consumer: Json) -> str:
    return f"{stream['created']} {consumer['created']}"
