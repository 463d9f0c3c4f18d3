"""Generated posts: any number of them, the same for the same seed, without a network or a file.

Words follow Zipf's law, some topics and authors are more popular than others, and scores have a long tail.
Post number i depends only on the seed and i: posts are drawn in blocks of 1,000, each with its own random
generator. So the first posts are the same however many are generated, and a load can begin anywhere.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import exp
from random import Random
from typing import Any, Literal

from pymongo.collection import Collection

from workshop.load.phrases import Phrases
from workshop.load.posts.post import Document, document
from workshop.load.problems import LoadError
from workshop.load.source import Identity, Record
from workshop.load.writing.checkpoint import clear_all

VERSION = 1
"""Increase it when the same seed gives other posts: an interrupted load then starts over."""

GENERATED_ID = r"^(t3|se)_g[0-9a-z]{5}[0-9]{9}$"
"""The pattern of the `_id`s of generated posts, and of no others: see `_marker`."""

MAX_POSTS = 10**9
MAX_SEED = 36**5 - 1

LAST = int(datetime(2025, 6, 30, 12, tzinfo=UTC).timestamp())
"""Seconds since 1970. No generated post is newer."""

YEARS = 7
ADULT = 0.03
LINKED = 0.35
PLACE = "https://example.org"
HOSTS = tuple(
    f"https://{name}.example.{end}" for name in ("blog", "docs", "news", "code") for end in ("com", "net")
)

_GENERATED = {"_id": {"$regex": GENERATED_ID}}
_BLOCK = 1000
_SPAN = YEARS * 365 * 86_400
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def posts(count: int, seed: int = 1, start: int = 0) -> Iterator[Document]:
    """Yield the documents of the posts from `start` up to `count`, in order. `seed` is at most MAX_SEED."""
    phrases = Phrases(seed)
    for first in range(start - start % _BLOCK, count, _BLOCK):
        block = _block(phrases, seed, first)
        yield from block[max(start - first, 0) : count - first]


class GeneratedSource:
    """The first `count` posts of a seed. The constructor raises LoadError for a count or seed out of
    range.
    """

    unit: Literal["bytes", "posts"] = "posts"

    def __init__(self, count: int, seed: int = 1) -> None:
        if not 0 <= count <= MAX_POSTS:
            raise LoadError(f"GENERATE must be a number from 0 to {MAX_POSTS:,}.")
        if not 0 <= seed <= MAX_SEED:
            raise LoadError(f"The seed must be a number from 0 to {MAX_SEED:,}.")
        self.name = f"{count:,} generated posts"
        self.identity = Identity(f"generate:{seed}", f"{VERSION}:{count}")
        self.total: int | None = count
        self.position = 0
        self._seed = seed

    @property
    def done(self) -> int:
        """The number of posts yielded."""
        return self.position

    def records(self, start: int) -> Iterator[Record]:
        """Yield the posts from number `start` on."""
        self.position = start
        for post in posts(self.total or 0, self._seed, start):
            self.position += 1
            yield post


def count_generated(collection: Collection[dict[str, Any]]) -> int:
    """Return how many generated posts a collection contains."""
    return collection.count_documents(_GENERATED)


def remove_generated(collection: Collection[dict[str, Any]]) -> int:
    """Delete the generated posts and the checkpoints of their loads. Return how many posts there were."""
    clear_all(collection, "generate:")
    return collection.delete_many(_GENERATED).deleted_count


def _marker(seed: int) -> str:
    """Return `g` and the seed. With nine digits behind it, an id is longer than any of Reddit or a site."""
    digits = ""
    for _ in range(5):
        seed, digit = divmod(seed, 36)
        digits = _DIGITS[digit] + digits
    return "g" + digits


def _block(phrases: Phrases, seed: int, first: int) -> list[Document]:
    rng = Random(f"{seed}:{first}")  # noqa: S311 - believable, not secret
    random, gauss = rng.random, rng.gauss
    marker = _marker(seed)
    topics = phrases.topics(rng, _BLOCK)
    authors = phrases.authors(rng, _BLOCK)
    titles = phrases.titles(rng, topics)
    texts = phrases.texts(rng, topics)
    block = []
    for i in range(_BLOCK):
        topic = topics[i]
        number = f"{marker}{first + i:09d}"
        is_question = "." in topic
        permalink = f"{PLACE}/questions/{number}" if is_question else f"{PLACE}/r/{topic}/comments/{number}"
        linked = not is_question and random() < LINKED
        votes = exp(gauss(1.9, 1.7))
        against = votes * random() ** 4 * 1.3
        ups, downs = int(votes), int(against)
        if is_question:
            ups, downs = max(ups - downs, 0), max(downs - ups, 0)
        block.append(
            document(
                post_id=f"se_{number}" if is_question else f"t3_{number}",
                source="stackexchange" if is_question else "reddit",
                title=titles[i],
                text=texts[i],
                author=authors[i],
                topic=topic,
                url=f"{HOSTS[int(random() * 8)]}/{number}" if linked else permalink,
                permalink=permalink,
                thumbnail="",
                created=datetime.fromtimestamp(LAST - int(random() ** 1.4 * _SPAN), UTC),
                score=ups - downs,
                ups=ups,
                downs=downs,
                num_comments=int((votes + against) ** 0.7 * random() * 2.5),
                over_18=random() < ADULT,
            )
        )
    return block
