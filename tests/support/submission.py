"""Reddit submissions as mongoexport wrote them in 2015, and the posts that the face must show for them."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

CONSONANTS = "bcdfghjkmnpqrtvwxz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_word() -> str:
    """Return a word that no other text has, without vowels and endings, which stemming would change."""
    return "zq" + "".join(secrets.choice(CONSONANTS) for _ in range(9))


def new_topic() -> str:
    """Return a new name of a subreddit."""
    return f"T_{secrets.token_hex(6)}"


def new_id() -> str:
    """Return a new id of a submission, without its prefix."""
    return "c" + "".join(secrets.choice(BASE36) for _ in range(9))


@dataclass(frozen=True)
class Submission:
    """One submission; `created` is in seconds since 1970."""

    title: str
    topic: str
    created: int
    text: str = ""
    author: str = "walker"
    ups: int = 1
    downs: int = 0
    score: int | None = None
    num_comments: int = 0
    over_18: bool = False
    thumbnail: str = ""
    url: str = "https://stones.example.org/path"
    id: str = field(default_factory=new_id)

    @property
    def post_id(self) -> str:
        """Return the `_id` of the post."""
        return f"t3_{self.id}"

    @property
    def shown_score(self) -> int:
        """Return the score, by default the result of the votes."""
        return self.ups - self.downs if self.score is None else self.score

    @property
    def by_love(self) -> tuple[int, int, str]:
        """Return the key that recommendations are sorted by."""
        return self.downs - self.ups, -self.num_comments, self.post_id

    @property
    def permalink(self) -> str:
        """Return the address of its comments; it alone names the topic."""
        return f"http://www.reddit.com/r/{self.topic}/comments/{self.id}/step_by_step/"

    def line(self) -> str:
        """Return the line of the export, as `mongoexport` writes it."""
        record: dict[str, Any] = {
            "_id": {"$oid": secrets.token_hex(12)},
            "author": self.author,
            "author_flair_css_class": "",
            "created_utc": float(self.created),
            "distinguished": "",
            "domain": urlsplit(self.url).hostname or "",
            "downs": self.downs,
            "edited": "False",
            "id": self.id,
            "is_self": str(bool(self.text)),
            "link_flair_css_class": "",
            "link_flair_text": "",
            "name": self.post_id,
            "num_comments": self.num_comments,
            "over_18": str(self.over_18),
            "permalink": self.permalink,
            "score": self.shown_score,
            "selftext": self.text,
            "subreddit_id": "t5_2zzzz",
            "thumbnail": self.thumbnail,
            "title": self.title,
            "ups": self.ups,
            "url": self.url,
        }
        return json.dumps(record, ensure_ascii=False) + "\n"

    def shown(self) -> dict[str, Any]:
        """Return the post's fields as everybody sees them, `created` as a datetime, without `_etag`."""
        return {
            "_id": self.post_id,
            "source": "reddit",
            "title": self.title,
            "text": self.text,
            "author": self.author,
            "topic": self.topic,
            "url": self.url,
            "permalink": self.permalink,
            "thumbnail": self.thumbnail,
            "created": datetime.fromtimestamp(self.created, UTC),
            "score": self.shown_score,
            "ups": self.ups,
            "downs": self.downs,
            "num_comments": self.num_comments,
            "over_18": self.over_18,
        }


def loved_posts(count: int, word: str, topic: str) -> list[Submission]:
    """Return submissions of one topic with a word, newest first, each more loved than the one before."""
    return [
        Submission(f"{word} {number}", topic, 1_600_000_000 - number, ups=200 + number)
        for number in range(count)
    ]
