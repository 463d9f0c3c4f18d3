"""What is captured: whose collections, and which fact a change there is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kit.domain.mail.shares import SHARE_SCHEMA
from kit.domain.marks.documents import MARK_SCHEMA
from kit.domain.members.revocations import REVOCATION_SCHEMA
from kit.domain.posts.documents import POST_SCHEMA
from kit.mongo.document_schema import DocumentSchema
from step3_async.rapids.facts import fields_of
from step3_async.rapids.tracing import TRACEPARENT
from step3_async.sync.capture import facts
from step3_async.sync.capture.facts import Change, Fact


@dataclass(frozen=True)
class Source:
    """The `collection` of the service `domain`, its owner. `fact` tells which fact of that domain a change
    is, None if it is none. Documents that do not have the `shape` are left out.
    """

    domain: str
    collection: str
    fact: Callable[[Change], Fact | None]
    shape: DocumentSchema

    def unfit(self, document: Mapping[str, Any]) -> str | None:
        """What is wrong with a document, so that it cannot be told; fields may be missing, and then are."""
        return self.shape.find_problem_in_part(document)

    @property
    def fields(self) -> dict[str, int]:
        """The fields of its documents that leave MongoDB, as it is told: no other ever does."""
        return dict.fromkeys((*fields_of(self.domain), TRACEPARENT), 1)


SOURCES = (
    Source("posts", "posts", facts.of_post, POST_SCHEMA),
    Source("tag", "marks", facts.of_tags, MARK_SCHEMA),
    Source("like", "marks", partial(facts.of_mark, "liked", "liked", "unliked"), MARK_SCHEMA),
    Source("hide", "marks", partial(facts.of_mark, "hidden", "hidden", "shown"), MARK_SCHEMA),
    Source("share", "shares", facts.of_share, SHARE_SCHEMA),
    Source("members", "revoked", facts.of_revocation, REVOCATION_SCHEMA),
)
