"""Reddit submissions to load, made so that each test finds its own by a word."""

import secrets
from typing import Any

Submission = dict[str, Any]
FIRST_SECOND = 1_700_000_000


def new_word() -> str:
    """A word that stands in no other post."""
    return "w" + secrets.token_hex(5)


def submission(title: str, second: int = 0, **changed: Any) -> Submission:
    """One submission as reddit's API has it, `second` s after the oldest."""
    name = secrets.token_hex(4)
    link = f"/r/Stones/comments/{name}/post/"
    return {
        "id": name,
        "name": f"t3_{name}",
        "title": title,
        "selftext": f"What there is to say about {title}.\n\nIn two paragraphs.",
        "author": "walker",
        "subreddit": "Stones",
        "url": f"https://www.reddit.com{link}",
        "permalink": link,
        "thumbnail": "self",
        "created_utc": FIRST_SECOND + second,
        "score": 8,
        "ups": 9,
        "downs": 1,
        "num_comments": 4,
        "over_18": False,
    } | changed


def submissions(count: int, word: str, **changed: Any) -> list[Submission]:
    """Several that share a word; the newest is number 1."""
    return [submission(f"{word} number {number}", -number, **changed) for number in range(1, count + 1)]
