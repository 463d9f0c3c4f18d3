"""Answers that several services know a part of. A part that is away leaves a gap."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from multidict import CIMultiDict

from kit.domain.marks.documents import put_mark
from kit.http.problems import DependencyTimeout, DependencyUnavailable, SignedOut
from step3_async.gateway.calling import Caller
from step3_async.gateway.conditions import as_conditions_say
from step3_async.gateway.forwarding import CONDITIONS, passed_on
from step3_async.gateway.messages import DEPENDS_ON, GAPS, SERVED_BY, Answer, Asked
from step3_async.gateway.sending import Call

MARKS = "tagged"
"""The service that knows all marks of readers."""

COUNTING = ("tagged", "share")
PATIENCE = 2.0
"""Seconds for what an answer can do without."""

MOST_MARKS = 50
"""The largest page of posts, and of marks."""

UNMARKED: dict[str, Any] = {"tags": [], "liked": False, "hidden": False}


@dataclass(frozen=True)
class Marks:
    """A reader's marks by post, and the answer they are from."""

    by_post: dict[str, Any]
    answer: Answer


class Composer:
    """Composes what `caller` is answered."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def marked_page(self, call: Call, asked: Asked) -> Answer:
        """A page of posts with the reader's marks on each. Raises as Caller.call does."""
        answer = await self._caller.call(call, asked)
        told = _told(answer)
        if told is None or not told.get("_items"):
            return answer
        marks = await self._marks([post["_id"] for post in told["_items"]], asked)
        return _composed(answer, told, told["_items"], marks)

    async def marked_post(self, call: Call, post_id: str, asked: Asked) -> Answer:
        """One post with the reader's marks, and an ETag that covers them. Raises as Caller.call does."""
        call.headers = passed_on(asked, CONDITIONS)
        answer, marks = await asyncio.gather(self._caller.call(call, asked), self._marks([post_id], asked))
        told = _told(answer)
        if told is None:
            return answer
        answer = _composed(answer, told, [told], marks)
        etag = b'"%s"' % str(told.get("_etag")).encode()
        answer.headers = [*answer.without(b"etag", b"last-modified"), (b"etag", etag)]
        return as_conditions_say(asked, answer)

    async def profile(self, call: Call, asked: Asked) -> Answer:
        """The reader's own page with all counts. Raises as Caller.call does."""
        answer, others = await asyncio.gather(
            self._caller.call(call, asked),
            asyncio.gather(*(self._part(name, "/counts", asked) for name in COUNTING)),
        )
        told = _told(answer)
        if told is None:
            return answer
        gaps = [name for name, other in zip(COUNTING, others, strict=True) if other is None]
        for other in others:
            told["counts"].update(orjson.loads(other.body)["counts"] if other is not None else {})
        return _made(answer, told, [other for other in others if other is not None], gaps)

    async def _marks(self, posts: list[str], asked: Asked) -> Marks | None:
        where = quote(orjson.dumps({"post": {"$in": posts}}).decode(), safe="")
        part = await self._part(MARKS, f"/marks?where={where}&max_results={MOST_MARKS}", asked)
        if part is None:
            return None
        return Marks({mark["post"]: mark for mark in orjson.loads(part.body)["_items"]}, part)

    async def _part(self, service: str, target: str, asked: Asked) -> Answer | None:
        """The answer of a service that the whole can do without. Raises SignedOut when it knows that the
        reader's token was ended.
        """
        headers = CIMultiDict(Accept="application/json")
        headers["Authorization"] = asked.named[b"authorization"].decode("latin-1")
        call = Call(service, "GET", target, headers, limit=PATIENCE)
        try:
            answer = await self._caller.call(call, asked)
        except (DependencyUnavailable, DependencyTimeout):
            return None
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise SignedOut("This token is not valid, or no longer. Sign in for a new one.")
        return answer if answer.status == HTTPStatus.OK else None


def _told(answer: Answer) -> dict[str, Any] | None:
    """What an answer to be composed tells; None for one that is left as it is, such as an error."""
    if answer.status != HTTPStatus.OK:
        return None
    told = orjson.loads(answer.body)
    return told if isinstance(told, dict) else None


def _composed(answer: Answer, told: Any, posts: list[Any], marks: Marks | None) -> Answer:
    if marks is None:
        return _made(answer, told, [], [MARKS])
    for post in posts:
        mark = {**UNMARKED, **marks.by_post.get(post["_id"], {})}
        put_mark(post, sorted(mark["tags"]), mark["liked"], mark["hidden"])
    return _made(answer, told, [marks.answer], [])


def _made(answer: Answer, told: Any, parts: list[Answer], gaps: list[str]) -> Answer:
    """`answer` with another body, and headers that say who had a part in it, or had none."""
    body = orjson.dumps(told)
    headers = answer.without(b"content-length", DEPENDS_ON, SERVED_BY)
    headers.append((b"content-length", b"%d" % len(body)))
    served = dict.fromkeys(name for each in (answer, *parts) for name in each.all(SERVED_BY))
    if served:
        headers.append((SERVED_BY, ", ".join(served).encode()))
    if gaps:
        headers.append((GAPS, ", ".join(gaps).encode()))
    return Answer(answer.status, headers, body)
