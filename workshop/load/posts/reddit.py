"""Turns a reddit submission into a post, whichever year's API, dump or export it comes from.

Fields: https://www.reddit.com/dev/api/ (the `t3` things of listings), Pushshift's files and mongoexport's.
"""

import re
from collections.abc import Mapping
from typing import Any

from workshop.load.posts import clean
from workshop.load.posts.post import NAME_LIMIT, NOBODY, TEXT_LIMIT, TITLE_LIMIT, Document, document
from workshop.load.problems import BadRecord, NotAPost

SITE = "https://www.reddit.com"

_NAME = re.compile(r"t3_[a-z0-9]{1,15}")
_ID = re.compile(r"[a-z0-9]{1,15}")
_IN_PATH = re.compile(r"/r/([A-Za-z0-9_-]{1,50})/")
_OUTSIDE = re.compile(r"https?://[^/]+/comments/")


def post_from_reddit(record: Mapping[str, Any], *, escaped: bool = True) -> Document:
    """Return the document of a submission. `escaped` says whether `<`, `>` and `&` are written as entities.

    Raises BadRecord with the reason, or NotAPost for a comment.
    """
    name = _fullname(record)
    unescape = clean.without_entities if escaped else _unchanged
    title = clean.line(clean.without_space_entities(unescape(record.get("title"))), "title", TITLE_LIMIT)
    if not title:
        raise BadRecord("title is missing")
    permalink = clean.web_url(unescape(record.get("permalink")), SITE)
    ups, downs, score = _votes(record)
    author = clean.line(_name_of(record.get("author")), "author", NAME_LIMIT) or NOBODY
    text = clean.without_markdown_entities(unescape(record.get("selftext")))
    return document(
        post_id=name,
        source="reddit",
        title=title,
        text=clean.text(text, "selftext", TEXT_LIMIT),
        author=author,
        topic=_topic(record, permalink, author),
        url=clean.web_url(unescape(record.get("url")), SITE),
        permalink=permalink,
        thumbnail=clean.web_url(unescape(record.get("thumbnail"))),
        created=clean.moment(record.get("created_utc"), "created_utc"),
        score=score,
        ups=ups,
        downs=downs,
        num_comments=clean.integer(record.get("num_comments"), "num_comments", low=0) or 0,
        over_18=clean.boolean(record.get("over_18"), "over_18"),
    )


def _unchanged(value: Any) -> Any:
    return value


def _fullname(record: Mapping[str, Any]) -> str:
    """Return `t3_` and the id. Import tools turn an id of digits into a number, so `name` has priority."""
    name = clean.unwrap(record.get("name"))
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    if (isinstance(name, str) and name.startswith("t1_")) or ("title" not in record and "body" in record):
        raise NotAPost("a comment, not a submission")
    short = clean.unwrap(record.get("id"))
    if short is None or short == "":
        raise BadRecord("id is missing")
    short = str(short).removeprefix("t3_")
    if isinstance(record.get("id"), float | bool) or not _ID.fullmatch(short):
        raise BadRecord("id is not a submission's id, such as 1fymy0")
    return f"t3_{short}"


def _name_of(value: Any) -> Any:
    """Return the name of an author or a subreddit. Some exports have an object with more about it."""
    return value.get("name", value.get("display_name", value)) if isinstance(value, dict) else value


def _topic(record: Mapping[str, Any], permalink: str, author: str) -> str:
    """Return the subreddit: from its own field, else from the permalink (exports of 2015 have it only there).

    A post without a subreddit, such as an advertisement, belongs to its author, as Reddit's `u_NAME`.
    """
    topic = (
        clean.line(_name_of(record.get("subreddit")), "subreddit", NAME_LIMIT).strip("/").removeprefix("r/")
    )
    if topic:
        return topic
    if found := _IN_PATH.search(permalink):
        return found[1]
    if _OUTSIDE.match(permalink) and author != NOBODY:
        return f"u_{author}"[:NAME_LIMIT]
    raise BadRecord("subreddit is missing, and permalink does not name it")


def _votes(record: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return ups, downs and score. The API stopped giving `downs`; what is missing follows from the other
    two.
    """
    ups = clean.integer(record.get("ups"), "ups", low=0)
    downs = clean.integer(record.get("downs"), "downs", low=0)
    score = clean.integer(record.get("score"), "score")
    if ups is None:
        ups = max((score or 0) + (downs or 0), 0)
    if downs is None:
        downs = max(ups - (ups if score is None else score), 0)
    return ups, min(downs, clean.INT64_MAX), ups - downs if score is None else score
