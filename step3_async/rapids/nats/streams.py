"""The streams and subjects of NATS for events and dead letters. `provision` makes the streams."""

from collections.abc import Sequence

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from step3_async.contracts.envelope import SNAPSHOT_PAGE
from step3_async.rapids.bus import ALL
from step3_async.rapids.nats.connection import Connection
from step3_async.rapids.nats.settings import MEGABYTE, NatsSettings

RAPIDS = "RAPIDS"
"""The stream of events."""

DEAD = "DEAD"
"""The stream of dead letters."""

STREAMS = (RAPIDS, DEAD)
PROVISION_SECONDS = 15.0
DUPLICATES_SECONDS = 120
MAX_DEAD_BYTES = 500 * MEGABYTE
NAME_IN_USE = 10058


def event_subject(domain: str, name: str, to: str | None = None) -> str:
    """Return the subject of an event, which may be addressed `to` a river or ALL."""
    return ".".join(["rapids", domain, name, *([to] if to else [])])


def redrive_subject(river: str) -> str:
    """Return the subject under which a river gets its dead letters once more."""
    return f"rapids.again.{river}"


def river_subjects(river: str, domains: Sequence[str]) -> list[str]:
    """Return the subjects of all events that a river gets."""
    events = [f"rapids.{domain}.*" for domain in domains]
    pages = [event_subject(domain, SNAPSHOT_PAGE, to) for domain in domains for to in (river, ALL)]
    return sorted([*events, *pages, redrive_subject(river)])


def dead_subject(river: str) -> str:
    """Return the subject of a river's dead letters."""
    return f"dead.{river}"


def consumer_subject(call: str, river: str) -> str:
    """Return the subject of a call to JetStream's API about a river, such as INFO or MSG.NEXT."""
    return f"$JS.API.CONSUMER.{call}.{RAPIDS}.{river}"


async def provision(url: str | None = None) -> None:
    """Make the streams at `url` or NATS_URL, or change their limits to those of the environment.

    Raises Unavailable.
    """
    connection = Connection(url or NatsSettings.read().url, "provision")
    connection.start()
    try:
        await connection.ready(PROVISION_SECONDS)
        await connection.call(make_streams(connection.jetstream), PROVISION_SECONDS)
    finally:
        await connection.close()


async def make_streams(jetstream: JetStreamContext) -> None:
    """Do what `provision` does over an existing connection. Raises the errors of nats-py."""
    settings = NatsSettings.read()
    shared = {
        "retention": RetentionPolicy.LIMITS,
        "storage": StorageType.FILE,
        "num_replicas": settings.replicas,
    }
    rapids = {
        "subjects": ["rapids.>"],
        "discard": DiscardPolicy.OLD,
        "max_age": settings.max_age,
        "max_bytes": settings.max_bytes,
        "duplicate_window": min(DUPLICATES_SECONDS, settings.max_age),
    }
    # A full stream must not drop dead letters: a river that has one more has to wait.
    dead = {"subjects": ["dead.>"], "discard": DiscardPolicy.NEW, "max_bytes": MAX_DEAD_BYTES}
    for name, config in ((RAPIDS, {**shared, **rapids}), (DEAD, {**shared, **dead})):
        try:
            known = (await jetstream.stream_info(name)).config
        except NotFoundError:
            try:
                await jetstream.add_stream(StreamConfig(name=name, **config))  # type: ignore[arg-type]
            except APIError as error:
                if error.err_code != NAME_IN_USE:  # another process was quicker
                    raise
            continue
        if any(getattr(known, field) != value for field, value in config.items()):
            await jetstream.update_stream(known.evolve(**config))
