"""The catalogue of all events that services publish."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from pydantic import BaseModel, ValidationError

from step3_async.contracts import payloads
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Document, Event, Page


@dataclass(frozen=True)
class EventType:
    """The type of events `name` of `domain`.

    `payload` is the model of the payload, `document` that of `before` and `after`. An event that `removes`
    has no `after`. `example` is a possible payload, `example_after` a possible document with `key`.
    """

    domain: str
    name: str
    summary: str
    payload: type[BaseModel]
    document: type[BaseModel]
    key: str
    example: Document
    example_after: Document
    removes: bool = False

    def example_event(self) -> Event:
        """Return an event of this type."""
        return Event(
            event_id=blake2b(f"{self.domain} {self.name}".encode(), digest_size=16).hexdigest(),
            event_domain=self.domain,
            event_name=self.name,
            timestamp=datetime(2026, 3, 1, 9, 31, tzinfo=UTC),
            key=self.key,
            version="69a406ac00000001",
            payload=self.example,
            before=self.example_after if self.removes else None,
            after=None if self.removes else self.example_after,
        )


TITLES = {
    "posts": "Posts, which the loader writes",
    "tag": "Tags that readers put on posts",
    "like": "Posts that readers like",
    "hide": "Posts that readers hide from themselves",
    "share": "Posts that readers mail; never to whom, nor their notes",
    "members": "Tokens that were revoked before they expired; nothing else of members is published",
}
"""A description of each domain."""

_POST = {
    "_id": "t3_1fymy0",
    "_etag": "5d41402abc4b2a76b9719d911017c592",
    "_created": "2026-03-01T09:30:00Z",
    "_updated": "2026-03-01T09:30:00Z",
    "source": "reddit",
    "title": "Stepping out of the monolith",
    "text": "One stone at a time.",
    "author": "walker",
    "topic": "python",
    "url": "https://example.org/stones",
    "permalink": "https://www.reddit.com/r/python/comments/1fymy0/",
    "thumbnail": "",
    "created": "2013-06-09T12:00:00Z",
    "score": 120,
    "ups": 130,
    "downs": 10,
    "num_comments": 14,
    "over_18": False,
    "love": 120,
    "words": "",
}
_PLACE = {"reader": "ada", "post": "t3_1fymy0", "topic": "python"}
_MARK = {"_id": "ada:t3_1fymy0", **_PLACE, "at": "2026-03-01T09:31:00Z", "revision": 3}
_SHARE = {"_id": "0b1c", "reader": "ada", "post": "t3_1fymy0", "at": "2026-03-01T09:32:00Z", "revision": 1}
_REVOKED = {"_id": "6f9d", "expires": "2026-03-01T10:30:00Z", "revision": 1}


def _post(name: str, summary: str, payload: type[BaseModel], example: Document, **more: bool) -> EventType:
    return EventType(
        domain="posts",
        name=name,
        summary=summary,
        payload=payload,
        document=payloads.PostDocument,
        key="t3_1fymy0",
        example=example,
        example_after=_POST,
        **more,
    )


def _mark(
    domain: str, name: str, summary: str, payload: type[BaseModel], *, example: Document, after: Document
) -> EventType:
    return EventType(
        domain=domain,
        name=name,
        summary=summary,
        payload=payload,
        document=payloads.DOCUMENTS[domain],
        key="ada:t3_1fymy0",
        example=_PLACE | example,
        example_after=_MARK | after,
    )


EVENT_TYPES: tuple[EventType, ...] = (
    _post(
        "post-added",
        "A post was added",
        payloads.PostAdded,
        {"title": _POST["title"], "topic": "python", "author": "walker"},
    ),
    _post(
        "post-changed",
        "A post was changed",
        payloads.PostChanged,
        {"title": _POST["title"], "topic": "python", "fields": ["score", "ups"]},
    ),
    _post("post-removed", "A post was removed", payloads.PostRemoved, {}, removes=True),
    _mark(
        "tag",
        "tagged",
        "A reader put a tag on a post",
        payloads.Tagged,
        example={"added": ["read-later"], "tags": ["async", "read-later"]},
        after={"tags": ["async", "read-later"]},
    ),
    _mark(
        "tag",
        "untagged",
        "A reader took a tag off a post",
        payloads.Untagged,
        example={"removed": ["read-later"], "tags": ["async"]},
        after={"tags": ["async"]},
    ),
    _mark(
        "like",
        "liked",
        "A reader likes a post",
        payloads.Liked,
        example={},
        after={"liked": True, "liked_at": _MARK["at"]},
    ),
    _mark(
        "like",
        "unliked",
        "A reader stopped liking a post",
        payloads.Unliked,
        example={},
        after={"liked": False, "liked_at": _MARK["at"]},
    ),
    _mark(
        "hide",
        "hidden",
        "A reader hid a post",
        payloads.Hidden,
        example={},
        after={"hidden": True, "hidden_at": _MARK["at"]},
    ),
    _mark(
        "hide",
        "shown",
        "A reader has a post shown again",
        payloads.Shown,
        example={},
        after={"hidden": False, "hidden_at": _MARK["at"]},
    ),
    EventType(
        domain="share",
        name="shared",
        summary="A reader mailed a post",
        payload=payloads.Shared,
        document=payloads.ShareDocument,
        key="0b1c",
        example={"reader": "ada", "post": "t3_1fymy0"},
        example_after=_SHARE,
    ),
    EventType(
        domain="members",
        name="token-revoked",
        summary="A token was revoked before it expired",
        payload=payloads.TokenRevoked,
        document=payloads.RevokedDocument,
        key="6f9d",
        example={"expires": "2026-03-01T10:30:00Z"},
        example_after=_REVOKED,
    ),
)

BY_NAME = {(each.domain, each.name): each for each in EVENT_TYPES}
"""The event types by domain and name."""


def of_domain(domain: str) -> list[EventType]:
    """Return the event types of a domain."""
    return [each for each in EVENT_TYPES if each.domain == domain]


def validate(event: Event) -> None:
    """Raise ValueError for an event that is not in the catalogue, or not as it says."""
    name = f"{event.event_domain} {event.event_name}"
    try:
        _validate(event)
    except ValidationError as error:
        # Its own text quotes the document.
        problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ValueError(f"{name}: {'; '.join(problems)}") from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _validate(event: Event) -> None:
    if event.event_name == SNAPSHOT_PAGE:
        for document in Page.model_validate(event.payload).documents:
            payloads.DOCUMENTS[event.event_domain].model_validate(document)
        return
    event_type = BY_NAME.get((event.event_domain, event.event_name))
    if event_type is None:
        raise ValueError("the catalogue has no such event")
    if event_type.removes is not (event.after is None):
        raise ValueError("only an event that removes its document has no `after`")
    event_type.payload.model_validate(event.payload)
    for around in (event.before, event.after):
        if around is not None:
            event_type.document.model_validate(around)
