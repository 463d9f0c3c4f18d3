"""Titles, texts, topics and authors of generated posts, drawn from `vocabulary`.

Most of a sentence is made once for a topic and shared by its posts, which makes a hundred thousand posts
fast. Each post gets a few new words, so the vocabulary grows with the number of posts.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, cycle, islice
from random import Random

from workshop.load import vocabulary as words

SENTENCES = 8 * len(words.SENTENCES)
TITLES = 128
AUTHORS = 5000
NUMBERS = tuple(str(number) for number in range(2, 90))
LENGTHS = (1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 9)
"""Sentences in a text, before the last one."""

STRIDES = (1, 3, 5, 7)
"""Steps from one sentence of a text to the next. None shares a factor with the number of sentence templates,
and templates take turns, so no text uses one twice.
"""

_REACH = max(LENGTHS) * max(STRIDES)
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")


def zipf(rng: Random, things: Sequence[str], count: int) -> list[str]:
    """Draw `count` of the things by Zipf's law: the n-th of them is drawn about 1/n as often as the first."""
    random, size = rng.random, len(things)
    return [things[int((size + 1) ** random()) - 1] for _ in range(count)]


class Phrases:
    """The parts of the posts of one seed. Each method draws with the random generator that it is given."""

    def __init__(self, seed: int) -> None:
        self._rng = rng = Random(f"phrases:{seed}")  # noqa: S311 - believable, not secret
        self._topics = list(words.TOPICS)
        self._popularity = list(accumulate(1 / (rank + 3) for rank in range(len(self._topics))))
        self._names = [start + end for start in words.BEGINNINGS for end in words.ENDINGS]
        rng.shuffle(self._names)
        self._fresh = [*words.THINGS, *self._names]
        self._authors = self._usernames()
        self._titles = {topic: self._titles_of(topic) for topic in self._topics}
        self._sentences = {topic: self._sentences_of(topic) for topic in self._topics}
        self._closings = ["\n\n" + closing.replace("{fresh}", "%s") for closing in words.CLOSINGS]

    def topics(self, rng: Random, count: int) -> list[str]:
        """Draw subreddits and sites, the popular ones more often."""
        return rng.choices(self._topics, cum_weights=self._popularity, k=count)

    def authors(self, rng: Random, count: int) -> list[str]:
        """Draw usernames. A few write a lot."""
        return zipf(rng, self._authors, count)

    def titles(self, rng: Random, topics: Sequence[str]) -> list[str]:
        """Draw a title for a post of each of these topics."""
        random = rng.random
        return [
            self._titles[topic][int(random() * TITLES)] % (fresh,)
            for topic, fresh in zip(topics, zipf(rng, self._fresh, len(topics)), strict=True)
        ]

    def texts(self, rng: Random, topics: Sequence[str]) -> list[str]:
        """Draw a text for a post of each of these topics: two to ten sentences."""
        count = len(topics)
        lengths = rng.choices(LENGTHS, k=count)
        strides = rng.choices(STRIDES, k=count)
        starts = rng.choices(range(SENTENCES), k=count)
        closings = rng.choices(self._closings, k=count)
        ones = zipf(rng, self._fresh, count)
        others = rng.choices(self._names, k=count)
        return [
            " ".join(self._sentences[topic][start : start + length * stride : stride])
            + closing % (one, other)
            for topic, length, stride, start, closing, one, other in zip(
                topics, lengths, strides, starts, closings, ones, others, strict=True
            )
        ]

    def _usernames(self) -> list[str]:
        numbers = self._rng.sample(range(10, 9999), AUTHORS)
        makers, endings = (
            self._rng.choices(words.MAKERS, k=AUTHORS),
            self._rng.choices(words.ENDINGS, k=AUTHORS),
        )
        return [f"{maker}_{end}{number}" for maker, end, number in zip(makers, endings, numbers, strict=True)]

    def _titles_of(self, topic: str) -> list[str]:
        kinds = words.QUESTIONS if "." in topic else words.QUESTIONS + words.LINKS + words.SHOWS
        return self._fill(self._rng.choices(kinds, k=TITLES), topic)

    def _sentences_of(self, topic: str) -> list[str]:
        templates = self._rng.sample(words.SENTENCES, len(words.SENTENCES))
        sentences = self._fill(islice(cycle(templates), SENTENCES), topic)
        return sentences + sentences[:_REACH]

    def _fill(self, templates: Iterable[str], topic: str) -> list[str]:
        """Fill in all slots of the templates except `fresh`, which becomes `%s`."""
        own = words.TOPICS[topic].split()
        slots = _Slots(
            self._rng,
            word=own,
            thing=words.THINGS,
            deed=words.DEEDS,
            quality=words.QUALITIES,
            name=self._names,
            number=NUMBERS,
            topic=own[:1] if "." in topic else [topic],
            fresh=["%s"],
        )
        filled = (template.format_map(slots) for template in templates)
        return [_ARTICLE.sub(r"\1n ", sentence[0].upper() + sentence[1:]) for sentence in filled]


class _Slots(dict[str, str]):
    """Fills each slot of a template with a new draw from the words of its name."""

    def __init__(self, rng: Random, **kinds: Sequence[str]) -> None:
        self._random = rng.random
        self._kinds = {name: (words, len(words) + 1) for name, words in kinds.items()}

    def __missing__(self, name: str) -> str:
        kind, size = self._kinds[name]
        return kind[int(size ** self._random()) - 1]
