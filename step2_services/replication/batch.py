"""A batch: some changes of a collection, in their order."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from kit.mongo.client import Document

LARGEST_BATCH = 64 * 2**20
"""The most bytes of a batch as JSON."""

Range = tuple[str | None, str | None]
"""Ids after the first, up to the second; None leaves that side open."""


class Batch(BaseModel):
    """Changes as an owner publishes them: documents as they are now to `put`, and ids to `remove`.

    With a `range` these are all documents with ids in it, and others are to be removed. `cursor` marks the
    end of the batch; `more` says that there are more changes already; `until` is the time (UTC) up to which
    all changes are known with this batch. `left_out` are documents that are skipped, by the names of their
    ids, each with what is wrong with it, or None when that is corrected.
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
    """Changes for copies with the cursor `base`; None for copies that are to begin."""

    model_config = ConfigDict(extra="forbid")

    base: str | None
    cursor: str
    put: list[Document]
    remove: list[str]
    range: Range | None = None


def dumps(value: Any) -> bytes:
    """Return JSON that keeps times to the microsecond."""
    return orjson.dumps(value, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)
