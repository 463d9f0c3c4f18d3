"""A batch: some changes of a collection, in their order."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from kit.mongo.client import Document

LARGEST_BATCH = 64 * 2**20
"""The most bytes of a batch as JSON."""

Range = tuple[str | None, str | None]
"""Ids after the first one, up to and including the second one. None leaves that side open."""


class Batch(BaseModel):
    """Changes as an owner publishes them: documents as they are now to `put`, and ids to `remove`.

    With a `range`, `put` has all documents with ids in it, and copies of others in it are to be removed.
    `cursor` marks the end of the batch, and `more` says that there are more changes already. `until` is the
    time (UTC) up to which this batch and those before it have all changes. `left_out` are skipped documents,
    by the names of their ids, each with what is wrong with it, or None when that is corrected.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    put: list[Document]
    remove: list[str]
    range: Range | None
    cursor: str
    more: bool
    until: datetime
    left_out: dict[str, str | None] = {}


class Delivery(BaseModel):
    """Changes for copies that have the cursor `base`, which is None for copies that are to begin."""

    model_config = ConfigDict(extra="forbid")

    base: str | None
    cursor: str
    put: list[Document]
    remove: list[str]
    range: Range | None = None


def dumps(value: Any) -> bytes:
    """Return JSON that keeps times to the microsecond."""
    return orjson.dumps(value, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)
