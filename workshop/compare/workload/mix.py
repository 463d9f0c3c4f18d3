"""The requests of a load: which verbs, pages and words, and how many of them by signed-in readers."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TypeVar
from urllib.parse import quote

MIX = {"search": 60.0, "list": 20.0, "recommend": 10.0, "show": 5.0, "tag": 3.0, "like": 2.0}
ZIPF_EXPONENT = 1.0
SEARCH_PAGES = {1: 8.0, 2: 1.0, 3: 1.0}
LIST_PAGES = {1: 7.0, 2: 1.0, 3: 1.0, 4: 1.0}
DECK = 100
"""So many requests have verbs and readers in their shares, as near as whole numbers can be."""

TAGS = ("later", "useful", "team", "to-read", "talk")
MARKS = frozenset({"tag", "like"})
"""The verbs that only a signed-in reader may do."""


Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `reader` is the number of the reader who sends it, None for a visitor. `post` is the id that
    the response must name.
    """

    verb: str
    method: str
    path: str
    reader: int | None = None
    post: str | None = None


def draw_requests(
    mix: Mapping[str, float],
    words: Sequence[str],
    posts: Sequence[str],
    rng: Random,
    *,
    signed: float,
    readers: int,
) -> Iterator[Request]:
    """Yield requests without end.

    The word of rank r is searched in proportion to 1 / r. `signed` is the share of reads that one of the
    `readers` sends. Marks are always sent by one of them, and are set and removed equally often, so that
    their number stays the same. Verbs are dealt as cards from decks that are shuffled: a few marks more or
    less would decide the 99th percentile of a trial. Raises ValueError if the mix has an unknown verb, or
    nobody may send one.
    """
    verbs = [verb for verb, share in mix.items() if share]
    if unknown := [verb for verb in verbs if verb not in MIX]:
        raise ValueError(f"There is no verb {unknown[0]}.")
    if not readers and (signed or MARKS.intersection(verbs)):
        raise ValueError("Requests of signed-in readers need readers.")
    by_readers = {verb: mix[verb] * (1 if verb in MARKS else signed) for verb in verbs}
    shares = {(verb, True): share for verb, share in by_readers.items()}
    shares |= {(verb, False): mix[verb] - share for verb, share in by_readers.items()}
    drawn = _Drawn(words, posts, rng)
    for verb, is_signed in _dealt(shares, rng):
        yield drawn.request(verb, rng.randrange(readers) if is_signed else None)


def _dealt(shares: Mapping[Kind, float], rng: Random) -> Iterator[Kind]:
    """Yield kinds without end. How many of one are in a deck is its share, rounded up or down by chance
    (systematic sampling).
    """
    kinds, bounds = [*shares], [*accumulate(shares.values())]
    step = bounds[-1] / DECK
    while True:
        first = rng.random()
        deck = [bisect_right(bounds, (first + number) * step, hi=len(kinds) - 1) for number in range(DECK)]
        rng.shuffle(deck)
        yield from (kinds[each] for each in deck)


def search_path(word: str, page: int = 1) -> str:
    """Return the path of a page of what a search finds, as browsers ask for it."""
    return f"/search?q={quote(word)}" + (f"&page={page}" if page > 1 else "")


def list_path(page: int = 1) -> str:
    """Return the path of a page of the newest posts."""
    return f"/?page={page}" if page > 1 else "/"


def compared_paths(words: Sequence[str]) -> list[str]:
    """Return all pages of searches and of the list that can be drawn."""
    searches = [search_path(word, page) for word in words for page in SEARCH_PAGES]
    return [*searches, *(list_path(page) for page in LIST_PAGES)]


class _Drawn:
    def __init__(self, words: Sequence[str], posts: Sequence[str], rng: Random) -> None:
        self._words, self._posts, self._rng = words, posts, rng
        self._ranks = [*accumulate(1 / rank**ZIPF_EXPONENT for rank in range(1, len(words) + 1))]

    def request(self, verb: str, reader: int | None) -> Request:
        rng = self._rng
        match verb:
            case "search":
                (word,) = rng.choices(self._words, cum_weights=self._ranks)
                return Request(verb, "GET", search_path(word, self._page(SEARCH_PAGES)), reader)
            case "list":
                return Request(verb, "GET", list_path(self._page(LIST_PAGES)), reader)
            case "recommend":
                return Request(verb, "GET", "/recommended", reader)
            case "show":
                post = rng.choice(self._posts)
                return Request(verb, "GET", f"/posts/{quote(post)}", reader, post)
        post, method = rng.choice(self._posts), rng.choice(("PUT", "DELETE"))
        mark = f"tags/{rng.choice(TAGS)}" if verb == "tag" else "like"
        return Request(verb, method, f"/posts/{quote(post)}/{mark}", reader, post)

    def _page(self, weights: Mapping[int, float]) -> int:
        return self._rng.choices([*weights], weights=[*weights.values()])[0]
