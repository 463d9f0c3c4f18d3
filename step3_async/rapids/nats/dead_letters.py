"""Store, read and delete dead letters. They are in a stream of their own, with a subject for each river."""

from collections.abc import Sequence
from secrets import token_hex

from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from step3_async.rapids.bus import DeadLetter, StoredDeadLetter, Unavailable
from step3_async.rapids.nats.connection import REPLY_SECONDS, Connection
from step3_async.rapids.nats.streams import DEAD, dead_subject

ERROR, ATTEMPTS = "Error", "Attempts"
MAX_ERROR = 2000
READER_SECONDS = 5.0
EVERY_RIVER = ">"


def headers_of(dead_letter: DeadLetter) -> dict[str, str]:
    """Return the headers with which a dead letter is stored."""
    return {ERROR: dead_letter.error[:MAX_ERROR], ATTEMPTS: str(dead_letter.attempts)}


async def read_dead_letters(connection: Connection, river: str | None) -> Sequence[StoredDeadLetter]:
    """Return the dead letters of a river or of all, oldest first. Raises Unavailable."""
    client = await connection.ready()
    subject = dead_subject(river or EVERY_RIVER)
    try:
        info = await connection.call(client.jsm().stream_info(DEAD, subjects_filter=subject))
    except Unavailable as error:
        if isinstance(error.__cause__, NotFoundError):
            raise Unavailable("there is no stream of dead letters: nobody has made it") from None
        raise
    if not info.state.subjects:
        return []
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    try:
        # Named, so that the permissions of a user can be limited to the river's own subject.
        reader = ConsumerConfig(
            name=token_hex(8),
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.NONE,
            filter_subject=subject,
            inactive_threshold=READER_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        made = await connection.call(client.jsm().add_consumer(DEAD, reader))
        found = []
        for _ in range(made.num_pending or 0):
            message = await connection.call(subscription.next_msg(REPLY_SECONDS))
            found.append(_stored(message))
            if not message.metadata.num_pending:
                break
        return found
    finally:
        if connection.connected:
            await subscription.unsubscribe()


async def delete_dead_letter(connection: Connection, stored: StoredDeadLetter) -> None:
    """Delete a dead letter if it is still there. Raises Unavailable."""
    client = await connection.ready()
    try:
        await connection.call(client.jsm().delete_msg(DEAD, stored.number))
    except Unavailable as error:
        if getattr(error.__cause__, "err_code", None) != NO_SUCH_MESSAGE:
            raise


NO_SUCH_MESSAGE = 10057


def _stored(message: Msg) -> StoredDeadLetter:
    headers = message.headers or {}
    river = message.subject.partition(".")[2]
    dead_letter = DeadLetter(river, message.data, headers.get(ERROR, ""), int(headers.get(ATTEMPTS, "0")))
    return StoredDeadLetter(message.metadata.sequence.stream, dead_letter)
