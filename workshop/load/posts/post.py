"""The document as which a post is stored.

It has the fields of the contract's post, `created` as a datetime in UTC, `love` (`ups - downs`, by which
recommendations are sorted) and `_etag`. The writer adds Eve's `_created` and `_updated` (UTC, whole seconds).
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

Document = dict[str, Any]

TITLE_LIMIT = 300
"""Characters of a title: Reddit's own limit."""

TEXT_LIMIT = 40_000
"""Characters of a text: Reddit's own limit."""

NAME_LIMIT = 80
"""Characters of an author or a topic."""

NOBODY = "[deleted]"
"""The author of a post whose account was deleted, as Reddit writes it."""


def document(
    *,
    post_id: str,
    source: Literal["reddit", "stackexchange"],
    title: str,
    text: str,
    author: str,
    topic: str,
    url: str,
    permalink: str,
    thumbnail: str,
    created: datetime,
    score: int,
    ups: int,
    downs: int,
    num_comments: int,
    over_18: bool,
) -> Document:
    """Return the document of clean values (see `clean`): no control characters except tab and newline.

    `_etag` is a digest of the values above in their order. They are separated by U+001F, which none of them
    contains, so equal digests mean equal posts.
    """
    content = (
        f"{post_id}\x1f{source}\x1f{title}\x1f{text}\x1f{author}\x1f{topic}\x1f{url}\x1f{permalink}"
        f"\x1f{thumbnail}\x1f{int(created.timestamp() * 1_000_000)}\x1f{score}\x1f{ups}\x1f{downs}"
        f"\x1f{num_comments}\x1f{over_18}"
    )
    return {
        "_id": post_id,
        "source": source,
        "title": title,
        "text": text,
        "author": author,
        "topic": topic,
        "url": url,
        "permalink": permalink,
        "thumbnail": thumbnail,
        "created": created,
        "score": score,
        "ups": ups,
        "downs": downs,
        "num_comments": num_comments,
        "over_18": over_18,
        "love": ups - downs,
        "_etag": blake2b(content.encode(), digest_size=16).hexdigest(),
    }
