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

PASSED_BY = "passed-by"
"""The metadata of a river that says: up to here, events went before it had taken them."""


@dataclass(frozen=True)
class Place:
    """Where a river lies: other than last time when it, the rapids, or events it had yet to take were lost.

    All up to `reached`, which is a number of the stream, has been taken.
    """

    rapids: str
    begun: bool
    reached: int


async def ensure(
    connection: Connection,
    river: str,
    domains: Sequence[str],
    reached: int | None = None,
    *,
    opening: bool = False,
) -> Place:
    """Make the river, or see that it gets what it is to get, and that nothing passed it by since it had
    `reached` so far (None: as far as the server knows). Only when `opening` it is made to get nothing else:
    other instances, of a newer version, may want more. Raises Unavailable.
    """
    if river == ALL:
        raise ValueError(f"no river can be called {ALL!r}")
    for _ in range(TRIES):
        stream = await connection.found(f"STREAM.INFO.{RAPIDS}")
        if stream is None:
            raise Unavailable("there are no rapids: nobody has made them")
        consumer = await connection.found(f"CONSUMER.INFO.{RAPIDS}.{river}")
        if consumer is not None:
            own, others = river_subjects(river, domains), consumer["config"]["filter_subjects"]
            subjects = own if opening else sorted({*own, *others})
            return await _continue(connection, subjects, stream, consumer, reached)
        # Named rather than "new": that would be found anew if the server died before it noted where that is.
        last = int(stream["state"]["last_seq"])
        start = {"deliver_policy": "by_start_sequence", "opt_start_seq": last + 1}
        try:
            consumer = await _create(connection, "create", {**_config(river, domains), **start})
        except Refused as refused:
            if refused.reason not in (EXISTS_ALREADY, NAME_IN_USE):
                raise
            continue  # another instance was quicker
        return Place(_rapids(stream, consumer), True, last)
    raise Unavailable(f"the river {river} is made and lost again and again")


async def pending(connection: Connection, river: str) -> int:
    """How many events are yet to be acknowledged or handed out. Raises Unavailable."""
    told = await connection.api(f"CONSUMER.INFO.{RAPIDS}.{river}")
    return int(told["num_pending"]) + int(told["num_ack_pending"])


async def _continue(
    connection: Connection, subjects: list[str], stream: Json, consumer: Json, reached: int | None
) -> Place:
    """Where a river lies that was there before."""
    config, state = consumer["config"], stream["state"]
    metadata = config.get("metadata", {})
    noted = int(metadata.get(PASSED_BY, 0)) - 1
    taken = max(_taken(consumer), config["opt_start_seq"] - 1)
    # The server counts what went as taken: what was taken when it was looked at last is sure.
    passed_by = int(state["first_seq"]) > max(noted, taken if reached is None else reached) + 1
    if passed_by:
        metadata = {**metadata, PASSED_BY: str(state["first_seq"])}
    if passed_by or sorted(config["filter_subjects"]) != subjects:
        wanted = {**config, "filter_subjects": subjects, "metadata": metadata}
        consumer = await _create(connection, "update", wanted)
    if not consumer["num_ack_pending"] and not consumer["num_pending"]:
        taken = int(state["last_seq"])  # the rest of the stream is for others
    return Place(_rapids(stream, consumer), passed_by, taken)


def _taken(consumer: Json) -> int:
    unacknowledged = consumer["num_ack_pending"]
    return int(consumer["ack_floor" if unacknowledged else "delivered"]["stream_seq"])


async def _create(connection: Connection, action: str, config: Json) -> Json:
    told = {"stream_name": RAPIDS, "action": action, "config": config}
    return await connection.api(f"CONSUMER.CREATE.{RAPIDS}.{config['name']}", told)


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
    passed_by = consumer["config"].get("metadata", {}).get(PASSED_BY, "")
    return f"{stream['created']} {consumer['created']} {passed_by}".strip()
