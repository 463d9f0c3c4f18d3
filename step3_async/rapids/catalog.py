"""All facts that the rapids carry: what they are called, what they tell, and of what documents."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from pydantic import BaseModel

from step3_async.rapids import facts
from step3_async.rapids.event import SNAPSHOT_PAGE, Document, Event, Page


@dataclass(frozen=True)
class Fact:
    """A fact of `domain` called `name`. `payload` tells it, `document` is what `before` and `after` hold; one
    that `removes` has no `after`. `example` is what a payload may be, `example_after` a document, with `key`.
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
        """An event of it."""
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
    "members": "Tokens of members that were ended early; nothing else of members is told",
}
"""The domains, each with what it is about."""

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
_ENDED = {"_id": "6f9d", "expires": "2026-03-01T10:30:00Z", "revision": 1}


def _mark(domain: str, name: str, summary: str, payload: type[BaseModel], **told: Document) -> Fact:
    return Fact(
        *(domain, name, summary, payload, facts.DOCUMENTS[domain]),
        key="ada:t3_1fymy0",
        example=_PLACE | told["example"],
        example_after=_MARK | told["after"],
    )


FACTS: tuple[Fact, ...] = (
    Fact(
        *("posts", "post-added", "A post is there that was not", facts.PostAdded, facts.PostDocument),
        key="t3_1fymy0",
        example={"title": _POST["title"], "topic": "python", "author": "walker"},
        example_after=_POST,
    ),
    Fact(
        *("posts", "post-changed", "A post is other than it was", facts.PostChanged, facts.PostDocument),
        key="t3_1fymy0",
        example={"title": _POST["title"], "topic": "python", "fields": ["score", "ups"]},
        example_after=_POST,
    ),
    Fact(
        *("posts", "post-removed", "A post is there no longer", facts.PostRemoved, facts.PostDocument),
        key="t3_1fymy0",
        example={},
        example_after=_POST,
        removes=True,
    ),
    _mark(
        *("tag", "tagged", "A reader put a tag on a post", facts.Tagged),
        example={"added": ["read-later"], "tags": ["async", "read-later"]},
        after={"tags": ["async", "read-later"]},
    ),
    _mark(
        *("tag", "untagged", "A reader took a tag off a post", facts.Untagged),
        example={"removed": ["read-later"], "tags": ["async"]},
        after={"tags": ["async"]},
    ),
    _mark(
        *("like", "liked", "A reader likes a post", facts.Liked),
        example={},
        after={"liked": True, "liked_at": _MARK["at"]},
    ),
    _mark(
        *("like", "unliked", "A reader stopped liking a post", facts.Unliked),
        example={},
        after={"liked": False, "liked_at": _MARK["at"]},
    ),
    _mark(
        *("hide", "hidden", "A reader hid a post", facts.Hidden),
        example={},
        after={"hidden": True, "hidden_at": _MARK["at"]},
    ),
    _mark(
        *("hide", "shown", "A reader has a post shown again", facts.Shown),
        example={},
        after={"hidden": False, "hidden_at": _MARK["at"]},
    ),
    Fact(
        *("share", "shared", "A reader mailed a post", facts.Shared, facts.ShareDocument),
        key="0b1c",
        example={"reader": "ada", "post": "t3_1fymy0"},
        example_after=_SHARE,
    ),
    Fact(
        *("members", "token-revoked", "A token ended early", facts.TokenRevoked, facts.RevokedDocument),
        key="6f9d",
        example={"expires": "2026-03-01T10:30:00Z"},
        example_after=_ENDED,
    ),
)

BY_NAME = {(fact.domain, fact.name): fact for fact in FACTS}
"""The facts by domain and name."""


def of_domain(domain: str) -> list[Fact]:
    """The facts of a domain."""
    return [fact for fact in FACTS if fact.domain == domain]


def check(event: Event) -> None:
    """See that an event is as the catalog says. Raises ValueError, also for one that it does not know."""
    if event.event_name == SNAPSHOT_PAGE:
        for document in Page.model_validate(event.payload).documents:
            facts.DOCUMENTS[event.event_domain].model_validate(document)
        return
    fact = BY_NAME.get((event.event_domain, event.event_name))
    if fact is None:
        raise ValueError(f"nothing called {event.event_name} is told of {event.event_domain}")
    if fact.removes is not (event.after is None):
        raise ValueError("what is there has an `after`, what is gone has none")
    fact.payload.model_validate(event.payload)
    for seen in (event.before, event.after):
        if seen is not None:
            fact.document.model_validate(seen)
