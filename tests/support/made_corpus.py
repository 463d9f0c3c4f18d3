"""Make the posts of a run: all fields are known, and random words and topics distinguish them from all
others, so that other posts in the store cannot disturb a test.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.support.corpus import Corpus
from tests.support.image_site import ImageSite
from tests.support.question import Question
from tests.support.submission import Submission, new_id, new_topic, new_word

SPARE = 250
PAGED = 30


def make_corpus(images: ImageSite, pictures: dict[str, dict[str, Any]]) -> Corpus:
    """Return a new corpus; `pictures` has the fields of a post for each case of a picture."""
    clock = count(int(time.time()) - 3600, -60)
    word = new_word()
    made = Corpus(word, _question(word, next(clock)))
    made.loved = list(_loved(made.word, clock))
    topic = new_topic()
    made.fewer = [
        Submission(f"Fewer {n}", topic, next(clock), made.word, ups=70 + n % 3, num_comments=n)
        for n in range(5)
    ]
    made.lonely = [
        Submission("Lonely but liked", new_topic(), next(clock), made.word, ups=61, downs=2),
        Submission("Lonely", new_topic(), next(clock), made.word),
    ]
    made.dated = list(_dated(made.word, next(clock)))
    made.matching = _matching(made.word, made.search_word, clock)
    made.paged = [
        Submission(f"Paged {n} {made.paged_word}", new_topic(), next(clock), made.word) for n in range(PAGED)
    ]
    made.rich = list(_rich(made.word, clock, images))
    made.hostile = list(_hostile(made.word, clock))
    made.spare = [Submission(f"Spare {new_word()}", topic, next(clock), made.word) for _ in range(SPARE)]
    made.pictured = {
        case: Submission(f"Pictured {case}", topic, next(clock), made.word, **fields)
        for case, fields in pictures.items()
    }
    return made


def _question(word: str, created: int) -> Question:
    return Question(
        title=f"How wide is the river {new_word()}?",
        html=f"<p>I want to <b>cross</b> it &amp; stay dry.</p><pre><code>if a &lt; b: {word}</code></pre>",
        score=77,
        answers=3,
        created=datetime.fromtimestamp(created, UTC),
    )


def _loved(word: str, clock: Iterator[int]) -> Iterator[Submission]:
    topic = new_topic()
    votes = [
        *((900, 100, 5), (850, 50, 9), (800, 0, 9), (800, 0, 9), (810, 10, 0)),  # love 800 each
        *((1000, 0, 1), (60, 0, 2), (60, 0, 3), (61, 1, 3), (300, 20, 0)),
        *((299, 19, 0), (299, 18, 400), (52, 0, 0), (51, 0, 0)),
    ]
    for ups, downs, comments in votes:
        yield Submission("Loved", topic, next(clock), word, ups=ups, downs=downs, num_comments=comments)
    # Vote counts were fuzzed, so a score need not be what the votes come to.
    yield Submission("Loved little", topic, next(clock), word, ups=3, score=60, num_comments=999)
    yield Submission("Score 50", topic, next(clock), word, ups=5000, downs=10, score=50)
    yield Submission("Score 50 by votes", topic, next(clock), word, ups=60, downs=10)
    yield Submission("Score 0", topic, next(clock), word, ups=5, downs=5)
    yield Submission("Hated", topic, next(clock), word, ups=1, downs=99, score=-98)


def _dated(word: str, newest: int) -> Iterator[Submission]:
    topic = new_topic()
    for seconds in (0, 0, 0, 0, 1, 2, 2, 2, 3):
        yield Submission("Dated", topic, newest - seconds, word)


def _matching(word: str, searched: str, clock: Iterator[int]) -> dict[str, Submission]:
    filler = " ".join(new_word() for _ in range(60))
    topic = new_topic()
    found = {
        "twice": Submission(f"{searched} {searched}", topic, next(clock), f"{word} {searched} {searched}"),
        "title": Submission(f"About {searched}, mostly", topic, next(clock), f"{word} {filler}"),
        "text": Submission(
            "About something else", topic, next(clock), f"{word} {filler} {searched} {filler}"
        ),
    }
    for number in range(4):
        found[f"tie{number}"] = Submission(f"Alike {searched}", topic, next(clock), f"{word} alike")
    return found


def _rich(word: str, clock: Iterator[int], images: ImageSite) -> Iterator[Submission]:
    yield Submission(
        title="Überquerung — шаги, 石 & 🪨",
        topic=new_topic(),
        created=next(clock),
        text=f'{word}\n\nA second paragraph, with <angles>, "quotes" & an ampersand.',
        author="Some_One-9",
        ups=1204,
        downs=201,
        num_comments=49,
        over_18=True,
        thumbnail=f"{images.url}/rich.png",
        url="http://stones.example.org/a/b.html?c=d&e=%C3%A9#f",
    )
    yield Submission("Plain", new_topic(), next(clock), word)


def _hostile(word: str, clock: Iterator[int]) -> Iterator[Submission]:
    for title, text in (
        ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"),
        ('"><svg onload=alert(1)>', "javascript:alert(1) {{ 7*7 }} ${7*7}"),
        ("First line\r\nBcc: injected@example.org\r\n\r\nSecond", "Body\r\n.\r\nMAIL FROM:<x@example.org>"),
        ('{"$where": "sleep(1000)"}', '{"$gt": ""}'),
    ):
        yield Submission(title, new_topic(), next(clock), f"{text} {word}", id=new_id())
