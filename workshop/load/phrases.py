"""Titles, texts, topics and authors for generated posts, drawn from `vocabulary`.

Most of a sentence is settled once for a topic and shared by its posts, which is what makes a hundred thousand
posts quick. Each post gets a few fresh words, so the vocabulary keeps growing with the number of posts.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, cycle, islice
from random import Random

from workshop.load import vocabulary as words

SENTENCES = 11 * len(words.SENTENCES)
TITLES = 160
AUTHORS = 5000
LENGTHS = (1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 9)
"""Sentences in a text, before the closing one."""

STRIDES = (1, 3, 5, 7)
"""Steps from one sentence of a text to the next: none shares a factor with the number of sentence
templates, and templates take turns, so no text uses one twice.
"""

_REACH = max(LENGTHS) * max(STRIDES)
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")


def zipf(count: int) -> list[float]:
    """Cumulative weights by Zipf's law with Mandelbrot's offset: the n-th of `count` things weighs 1 / (n +
    2.7).
    """
    return list(accumulate(1 / (rank + 2.7) for rank in range(1, count + 1)))


class Phrases:
    """What the posts of one seed are made of. Each method draws from the generator it is given."""

    def __init__(self, seed: int) -> None:
        self._rng = rng = Random(f"phrases:{seed}")  # noqa: S311 - believable, not secret
        self._topics = list(words.TOPICS)
        self._popularity = zipf(len(self._topics))
        self._names = [start + end for start in words.BEGINNINGS for end in words.ENDINGS]
        rng.shuffle(self._names)
        self._fresh = [*words.THINGS, *self._names]
        self._rarity = zipf(len(self._fresh))
        self._authors = self._usernames()
        self._activity = zipf(AUTHORS)
        self._titles = {topic: self._titles_of(topic) for topic in self._topics}
        self._sentences = {topic: self._sentences_of(topic) for topic in self._topics}
        self._closings = ["\n\n" + closing.replace("{fresh}", "%s") for closing in words.CLOSINGS]

    def topics(self, rng: Random, count: int) -> list[str]:
        """Subreddits and sites, the popular ones more often."""
        return rng.choices(self._topics, cum_weights=self._popularity, k=count)

    def authors(self, rng: Random, count: int) -> list[str]:
        """Usernames; a few write a lot."""
        return rng.choices(self._authors, cum_weights=self._activity, k=count)

    def titles(self, rng: Random, topics: Sequence[str]) -> list[str]:
        """A title for a post of each of these topics."""
        random, fresh = rng.random, rng.choices(self._fresh, cum_weights=self._rarity, k=len(topics))
        titles = (
            self._titles[topic][int(random() * TITLES)] % (word,)
            for topic, word in zip(topics, fresh, strict=True)
        )
        return [title[0].upper() + title[1:] for title in titles]

    def texts(self, rng: Random, topics: Sequence[str]) -> list[str]:
        """A text for a post of each of these topics: two to ten sentences."""
        count = len(topics)
        lengths = rng.choices(LENGTHS, k=count)
        strides = rng.choices(STRIDES, k=count)
        starts = rng.choices(range(SENTENCES), k=count)
        closings = rng.choices(self._closings, k=count)
        ones = rng.choices(self._fresh, cum_weights=self._rarity, k=count)
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
        return [
            f"{self._rng.choice(words.MAKERS)}_{self._rng.choice(words.ENDINGS)}{number}"
            for number in numbers
        ]

    def _titles_of(self, topic: str) -> list[str]:
        kinds = words.QUESTIONS if "." in topic else words.QUESTIONS + words.LINKS + words.SHOWS
        titles = self._fill(self._rng.choices(kinds, k=TITLES), topic)
        return [title.replace("%", "%%").replace("\0", "%s") for title in titles]

    def _sentences_of(self, topic: str) -> list[str]:
        templates = self._rng.sample(words.SENTENCES, len(words.SENTENCES))
        sentences = self._fill([*islice(cycle(templates), SENTENCES)], topic)
        return sentences + sentences[:_REACH]

    def _fill(self, templates: Sequence[str], topic: str) -> list[str]:
        """Templates with all but `fresh` filled in, which becomes U+0000."""
        count = len(templates)
        own = words.TOPICS[topic].split()
        draws = {
            "word": self._draw(own, count),
            "thing": self._draw(words.THINGS, count),
            "other": self._draw(words.THINGS, count),
            "deed": self._draw(words.DEEDS, count),
            "quality": self._draw(words.QUALITIES, count),
            "name": self._draw(self._names, count),
            "number": [str(self._rng.randint(2, 90)) for _ in range(count)],
        }
        name = own[0] if "." in topic else topic
        rows = (dict(zip(draws, row, strict=True)) for row in zip(*draws.values(), strict=True))
        filled = (
            template.format(topic=name, fresh="\0", **row)
            for template, row in zip(templates, rows, strict=True)
        )
        return [_ARTICLE.sub(r"\1n ", sentence[0].upper() + sentence[1:]) for sentence in filled]

    def _draw(self, population: Sequence[str], count: int) -> list[str]:
        return self._rng.choices(population, cum_weights=zipf(len(population)), k=count)
