"""A reader's latest marks, sent along with a request to a service whose copies may be late.

They are a JSON object in the header Own-Marks, so that the request stays a GET with a short address. They
need no proof: a reader who invents some only changes their own page.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from flask import g, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from werkzeug.exceptions import BadRequest

from kit.domain.posts.documents import POST_ID

HEADER = "Own-Marks"
LONGEST = 15_000
"""Bytes; gunicorn takes headers of 8,190 unless its settings say otherwise, as step 2 does."""

Tag = Annotated[str, Field(max_length=30)]


class OwnMark(BaseModel):
    """A mark that a reader has made recently. Fields that have not changed recently are None."""

    model_config = ConfigDict(extra="forbid", strict=True)

    topic: Annotated[str, Field(max_length=200)] = ""
    tags: Annotated[list[Tag], Field(max_length=50)] | None = None
    liked: bool | None = None
    hidden: bool | None = None


_MARKS = TypeAdapter(dict[Annotated[str, Field(pattern=f"^{POST_ID}$")], OwnMark])


def header_of(marks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the header with `marks`, by post and the newest first; what does not fit is left out."""
    sent, size = {}, 2
    for post, mark in marks.items():
        size += len(_ascii({post: mark}))
        if size > LONGEST:
            break
        sent[post] = mark
    return {HEADER: _ascii(sent)} if sent else {}


def own_marks() -> dict[str, dict[str, Any]]:
    """Read the marks that the request's reader has sent along. Raises BadRequest for a malformed header."""
    given = request.headers.get(HEADER)
    if given is None or g.reader is None:
        return {}
    if "own_marks" not in g:
        try:
            marks = _MARKS.validate_json(given)
        except ValidationError:
            raise BadRequest(f"{HEADER} must be a JSON object of marks by post.") from None
        g.own_marks = {post: mark.model_dump(exclude_none=True) for post, mark in marks.items()}
    known: dict[str, dict[str, Any]] = g.own_marks
    return known


def _ascii(value: Any) -> str:
    # Headers are Latin-1; JSON can say all else in ASCII, which orjson does not.
    return json.dumps(value, separators=(",", ":"))
