"""The envelope of events: immutable, in the past tense.

Its attributes map one to one to those of CloudEvents 1.0 (https://cloudevents.io): `eventId` is its `id`,
`eventDomain` its `source`, `eventName` its `type`, `timestamp` its `time`, `key` its `subject`, `payload` its
`data`; the others are extensions.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from bson import Timestamp

NAME = r"^[a-z][a-z0-9-]{0,39}$"
VERSION = r"^[0-9a-f]{16}$"

SNAPSHOT_PAGE = "snapshot-page"
"""The name of events that list documents as they are, instead of a change of one; their payload is a Page."""

Document = dict[str, Any]


class Event(BaseModel):
    """An event of the document `key` of a domain.

    `event_id` is the same however often the event is published. `version` orders the events of one domain: it
    is the cluster time of the write, 16 hexadecimal digits that compare as text. `payload` says what
    happened. `before` and `after` are the document around the change, None where there was none, with the
    fields that other services may know. `traceparent` is the W3C trace context of the request that caused the
    event.
    """

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)

    event_id: str
    event_domain: Annotated[str, Field(pattern=NAME)]
    event_name: Annotated[str, Field(pattern=NAME)]
    timestamp: datetime
    key: str
    version: Annotated[str, Field(pattern=VERSION)]
    payload: Document
    before: Document | None = None
    after: Document | None = None
    traceparent: str | None = None

    def dumps(self) -> bytes:
        """Return the event as JSON."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class Page(BaseModel):
    """The payload of a snapshot page: all documents of a domain whose ids come after `after`, up to `upto`
    (included). None leaves that side open. `last` marks the last page of the snapshot `run`.
    """

    run: str
    documents: list[Document]
    after: str | None
    upto: str | None
    last: bool


def version_of(moment: "Timestamp") -> str:
    """Return a cluster time as a version."""
    return f"{moment.time:08x}{moment.inc:08x}"


def event_id_of(token: str) -> str:
    """Return the id of the event that belongs to a resume token of a change stream."""
    return blake2b(token.encode(), digest_size=16).hexdigest()


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
