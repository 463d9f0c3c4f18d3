"""Generated posts: any number, the same for the same seed, with no network and no file.

Words follow Zipf's law, topics and authors are popular to different degrees, scores have a long tail. Post
number i depends on the seed and i alone: posts are drawn in blocks of 1,000, each from a generator of its
own, so asking for more changes nothing before, and a load can begin anywhere.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import exp
from random import Random
from typing import Literal

from workshop.load.phrases import Phrases
from workshop.load.post import Document, document
from workshop.load.problems import LoadError
from workshop.load.source import Identity, Record

VERSION = 1
"""To be raised when the same seed gives other posts: an interrupted load then starts over."""

MADE_UP = r"^(t3|se)_g[0-9a-z]{5}[0-9]{9}$"
"""The `_id` of a generated post, and of no other: see `_marker`."""

MAX_POSTS = 10**9
MAX_SEED = 36**5 - 1

LAST = int(datetime(2025, 6, 30, 12, tzinfo=UTC).timestamp())
"""Seconds since 1970; no generated post is younger."""

YEARS = 7
ADULT = 0.03
LINKED = 0.35
PLACE = "https://example.org"
HOSTS = tuple(
    f"https://{name}.example.{end}" for name in ("blog", "docs", "news", "code") for end in ("com", "net")
)

_BLOCK = 1000
_SPAN = YEARS * 365 * 86_400
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def posts(count: int, seed: int = 1, start: int = 0) -> Iterator[Document]:
    """The stored documents of posts `start` up to `count`, in order; `seed` is at most MAX_SEED."""
    phrases = Phrases(seed)
    for first in range(start - start % _BLOCK, count, _BLOCK):
        block = _block(phrases, seed, first)
        yield from block[max(start - first, 0) : count - first]


class GeneratedSource:
    """The first `count` posts of a seed. Making one raises LoadError for a count or seed out of range."""

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
        """Posts given."""
        return self.position

    def records(self, start: int) -> Iterator[Record]:
        """The posts from number `start` on."""
        self.position = start
        for post in posts(self.total or 0, self._seed, start):
            self.position += 1
            yield post


def _marker(seed: int) -> str:
    """`g` and the seed; with nine digits behind, an id is longer than any Reddit or a site has given."""
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
        asked = "." in topic
        permalink = f"{PLACE}/questions/{number}" if asked else f"{PLACE}/r/{topic}/comments/{number}"
        linked = not asked and random() < LINKED
        votes = exp(gauss(1.9, 1.7))
        against = votes * random() ** 4 * 1.3
        ups, downs = int(votes), int(against)
        if asked:
            ups, downs = max(ups - downs, 0), max(downs - ups, 0)
        block.append(
            document(
                post_id=f"se_{number}" if asked else f"t3_{number}",
                source="stackexchange" if asked else "reddit",
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
