"""Making the rapids, and the place for dead letters."""

from step3_async.rapids.nats.connection import Connection, Json, Refused
from step3_async.rapids.nats.consumer import NANOSECONDS
from step3_async.rapids.nats.link import Link
from step3_async.rapids.nats.settings import MEGABYTE, get_max_age, get_max_bytes, get_nats_url, get_replicas
from step3_async.rapids.nats.subjects import DEAD, RAPIDS, STREAMS

PATIENCE_SECONDS = 15.0
DUPLICATES_SECONDS = 120
MOST_DEAD_BYTES = 500 * MEGABYTE
NAME_IN_USE = 10058


async def provision(url: str | None = None) -> None:
    """Make the streams, or change them to what the environment wants, at `url` or NATS_URL.

    Raises Unavailable.
    """
    link = Link(url or get_nats_url(), "provision")
    link.start()
    try:
        await make_streams(await link.connection(PATIENCE_SECONDS))
    finally:
        await link.close()


async def make_streams(connection: Connection) -> None:
    """The same over a connection that is there. Raises Unavailable."""
    for name, config in _streams().items():
        told = await connection.found(f"STREAM.INFO.{name}")
        if told is None:
            try:
                await connection.api(f"STREAM.CREATE.{name}", config)
            except Refused as refused:
                if refused.reason != NAME_IN_USE:  # somebody else was quicker
                    raise
        elif any(told["config"].get(field) != value for field, value in config.items()):
            await connection.api(f"STREAM.UPDATE.{name}", {**told["config"], **config})


def _streams() -> dict[str, Json]:
    shared: Json = {"retention": "limits", "storage": "file", "num_replicas": get_replicas()}
    own: dict[str, Json] = {
        RAPIDS: {
            "discard": "old",
            "max_age": int(get_max_age() * NANOSECONDS),
            "max_bytes": get_max_bytes(),
            "duplicate_window": int(min(DUPLICATES_SECONDS, get_max_age()) * NANOSECONDS),
        },
        # Nobody's letter goes because there is another: when it is full, who has one more has to wait.
        DEAD: {"discard": "new", "max_bytes": MOST_DEAD_BYTES},
    }
    return {
        name: {"name": name, "subjects": subjects, **shared, **own[name]}
        for name, subjects in STREAMS.items()
    }
