"""The sources of capture: the owners' collections, each with the rule that makes events from its changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kit.domain.mail.shares import SHARE_SCHEMA
from kit.domain.marks.documents import MARK_SCHEMA
from kit.domain.members.revocations import REVOCATION_SCHEMA
from kit.domain.posts.documents import POST_SCHEMA
from kit.mongo.document_schema import DocumentSchema
from step3_async.capture import event_rules
from step3_async.capture.event_rules import Change, Named
from step3_async.contracts.payloads import fields_of
from step3_async.rapids.tracing import TRACEPARENT


@dataclass(frozen=True)
class Source:
    """The `collection` of its owner, the service `domain`.

    `rule` returns the name and payload of the event for a change, or None if there is no event. Documents
    that break the `schema` are left out.
    """

    domain: str
    collection: str
    rule: Callable[[Change], Named | None]
    schema: DocumentSchema

    def find_problem(self, document: Mapping[str, Any]) -> str | None:
        """Return what is wrong with a document, or None. Fields may be missing."""
        return self.schema.find_problem_in_part(document)

    @property
    def fields(self) -> dict[str, int]:
        """The fields of its documents that events may contain, as MongoDB's projection."""
        return dict.fromkeys((*fields_of(self.domain), TRACEPARENT), 1)


SOURCES = (
    Source("posts", "posts", event_rules.of_post, POST_SCHEMA),
    Source("tag", "marks", event_rules.of_tags, MARK_SCHEMA),
    Source("hide", "marks", partial(event_rules.of_mark, "hidden", "hidden", "shown"), MARK_SCHEMA),
    Source("share", "shares", event_rules.of_share, SHARE_SCHEMA),
    Source("members", "revoked", event_rules.of_revocation, REVOCATION_SCHEMA),
)
