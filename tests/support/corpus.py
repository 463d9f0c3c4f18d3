"""The posts that a run of the contract suite loads."""

import random
from dataclasses import dataclass, field

from tests.support.question import Question
from tests.support.submission import Submission, new_word


@dataclass
class Corpus:
    """Groups of posts, each for one kind of test."""

    word: str
    """In the text of every post."""
    question: Question
    """The one from Stack Exchange."""
    loved: list[Submission] = field(default_factory=list)
    """15 to recommend from one topic, with ties, and 4 that are not to be recommended."""
    fewer: list[Submission] = field(default_factory=list)
    """5 to recommend from another topic."""
    lonely: list[Submission] = field(default_factory=list)
    """One to recommend and, in a topic of its own, one not to."""
    dated: list[Submission] = field(default_factory=list)
    """Of known dates, with ties."""
    matching: dict[str, Submission] = field(default_factory=dict)
    """Found by `search_word`: twice, title, text, and the equal ones tie0 to tie3."""
    search_word: str = field(default_factory=new_word)
    paged: list[Submission] = field(default_factory=list)
    """Found by `paged_word`."""
    paged_word: str = field(default_factory=new_word)
    rich: list[Submission] = field(default_factory=list)
    """With every field set, in unusual ways."""
    hostile: list[Submission] = field(default_factory=list)
    """Whose texts try to be markup, headers or operators."""
    spare: list[Submission] = field(default_factory=list)
    """For tests to change."""
    pictured: dict[str, Submission] = field(default_factory=dict)
    """By the name of the picture's case."""

    def submissions(self) -> list[Submission]:
        """Return all submissions, shuffled, so that no expected order is that of the file."""
        named = [*self.matching.values(), *self.pictured.values()]
        every = [*self.loved, *self.fewer, *self.lonely, *self.dated, *self.paged, *self.rich, *named]
        every += [*self.hostile, *self.spare]
        random.shuffle(every)
        return every
