"""The posts that a run of the contract suite loads."""

import random
from dataclasses import dataclass, field

from tests.support.question import Question
from tests.support.submission import Submission, new_word


@dataclass
class Corpus:
    """Groups of posts, each for one kind of test."""

    word: str
    """A word in the text of every post."""
    question: Question
    """The post from Stack Exchange."""
    loved: list[Submission] = field(default_factory=list)
    """15 posts of one topic to recommend, with ties, and 4 not to recommend."""
    fewer: list[Submission] = field(default_factory=list)
    """5 posts of another topic to recommend."""
    lonely: list[Submission] = field(default_factory=list)
    """A post to recommend and, in its own topic, one not to recommend."""
    dated: list[Submission] = field(default_factory=list)
    """Posts with known dates, with ties."""
    matching: dict[str, Submission] = field(default_factory=dict)
    """Posts that `search_word` finds, by where they have it; the equal ones are `tie0` to `tie3`."""
    search_word: str = field(default_factory=new_word)
    paged: list[Submission] = field(default_factory=list)
    """Posts that `paged_word` finds."""
    paged_word: str = field(default_factory=new_word)
    rich: list[Submission] = field(default_factory=list)
    """Posts with every field set, in unusual ways."""
    hostile: list[Submission] = field(default_factory=list)
    """Posts whose texts try to be markup, headers or operators."""
    spare: list[Submission] = field(default_factory=list)
    """Posts that tests may change."""
    pictured: dict[str, Submission] = field(default_factory=dict)
    """Posts by the name of their picture's case."""

    def submissions(self) -> list[Submission]:
        """Return all submissions, shuffled, so that no expected order is that of the file."""
        named = [*self.matching.values(), *self.pictured.values()]
        every = [*self.loved, *self.fewer, *self.lonely, *self.dated, *self.paged, *self.rich, *named]
        every += [*self.hostile, *self.spare]
        random.shuffle(every)
        return every
