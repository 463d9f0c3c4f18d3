"""Submissions that tests find by a word of their own.

Posts that modules register when they are imported are loaded once, before the first test.
"""

from typing import Any

from tests.support.submission import Submission, new_word

FIRST_SECOND = 1_400_000_000
SHELF: list[Submission] = []


def submission(title: str, second: int = 0, **more: Any) -> Submission:
    """Return a submission written `second` s after the others; `more` are fields of Submission."""
    text = f"What there is to say about {title}.\n\nIn two paragraphs."
    fields = {"topic": "Stones", "created": FIRST_SECOND + second, "text": text, "num_comments": 4, **more}
    return Submission(title, **fields)


def submissions(count: int, word: str, **more: Any) -> list[Submission]:
    """Return several that share a word; the newest is number 1."""
    return [submission(f"{word} number {number}", -number, **more) for number in range(1, count + 1)]


def shelve(*posts: Submission) -> None:
    """Register posts, so that they are loaded before the first test."""
    SHELF.extend(posts)


def shelved(count: int, **more: Any) -> str:
    """Register several posts, and return the word that they share."""
    word = new_word()
    shelve(*submissions(count, word, **more))
    return word
