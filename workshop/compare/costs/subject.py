"""An arm that is up, and what the load needs to know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from workshop.compare.instrument.job import Job
from workshop.compare.instrument.sending import Send, send
from workshop.compare.observations import About, Load
from workshop.compare.system.arms import Running
from workshop.compare.system.pace import watching
from workshop.compare.workload.corpus import newest_posts, search_words
from workshop.compare.workload.expected import Page, differences, expected_pages, observe_pages
from workshop.compare.workload.readers import sign_up

WORDS = 24
"""How many words the load searches for."""

GIVE_UP_SECONDS = 2.0
"""A trial ends early when so many seconds' requests have no response."""


@dataclass
class Reference:
    """What the load asks for, and the pages that are right, for a visitor and for a reader: those of the arm
    that was observed first.
    """

    words: Sequence[str] = ()
    posts: Sequence[str] = ()
    pages: Mapping[str, Page] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """An arm under load: the tokens of the load's readers there, the ids that its pages have by path, and
    what sends the load.
    """

    up: Running
    about: About
    reference: Reference
    tokens: Sequence[str]
    expected: Mapping[str, Sequence[str]]
    send: Send = send

    def load(
        self,
        *,
        round_number: int,
        rate: float,
        signed: float,
        seconds: float,
        warm_up: float = 1.0,
        purpose: str = "curve",
        turn: int = 0,
    ) -> Load:
        """Send the mix at a constant rate, `signed` of the reads by readers who are signed in, and return
        what the generator found. In the same turn of a round all arms get the same requests, only faster or
        slower. Raises NotMeasured if the generator fails.
        """
        job = Job(
            base=self.up.url,
            rate=rate,
            seconds=seconds,
            signed=signed,
            mix=self.about.mix,
            seed=(self.about.seed * 100 + round_number) * 1000 + turn,
            posts=self.reference.posts,
            words=self.reference.words,
            tokens=self.tokens,
            expected=self.expected,
            warm_up=warm_up,
            give_up=GIVE_UP_SECONDS,
        )
        with watching() as pace:
            sent = self.send(job)
        sent = replace(sent, void=sent.void or pace.void)
        return sent.as_load(round=round_number, arm=self.up.arm, purpose=purpose, pace_ms=pace.ms)


def compare_pages(up: Running, about: About, reference: Reference) -> list[str]:
    """Return how pages of an arm differ from the reference. The first arm becomes the reference. Raises
    NotMeasured.
    """
    if not reference.pages:
        reference.words, reference.posts = search_words(up.url, WORDS), newest_posts(up.url)
    (token,) = sign_up(up.url, 1, about.seed, reference.posts)
    if reference.pages:
        return differences(up.url, reference.pages, token)
    reference.pages = observe_pages(up.url, reference.words, reference.posts, token)
    return []


def prepare(up: Running, about: About, reference: Reference, send: Send = send) -> Subject:
    """Sign up the load's readers, and learn which ids the pages of the arm have. Raises NotMeasured."""
    return Subject(
        up=up,
        about=about,
        reference=reference,
        tokens=sign_up(up.url, about.readers, about.seed, reference.posts),
        expected=expected_pages(up.url, reference.words),
        send=send,
    )
