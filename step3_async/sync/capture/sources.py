"""What is captured: whose collections, and which fact a change there is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from step3_async.rapids.facts import fields_of
from step3_async.rapids.tracing import TRACEPARENT
from step3_async.sync.capture import facts
from step3_async.sync.capture.facts import Change, Fact


@dataclass(frozen=True)
class Source:
    """The `collection` of the service `domain`, its owner. `fact` tells which fact of that domain a change
    is, None if it is none.
    """

    domain: str
    collection: str
    fact: Callable[[Change], Fact | None]

    @property
    def fields(self) -> dict[str, int]:
        """The fields of its documents that leave MongoDB, as it is told: no other ever does."""
        return dict.fromkeys((*fields_of(self.domain), TRACEPARENT), 1)


SOURCES = (
    Source("posts", "posts", facts.of_post),
    Source("tag", "marks", facts.of_tags),
    Source("like", "marks", partial(facts.of_mark, "liked", "liked", "unliked")),
    Source("hide", "marks", partial(facts.of_mark, "hidden", "hidden", "shown")),
    Source("share", "shares", facts.of_share),
    Source("members", "revoked", facts.of_revocation),
)
