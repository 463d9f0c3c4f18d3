"""A running step as a browser test needs it: posts to load, mail to read, pictures to show."""

import tempfile
from pathlib import Path

from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.mailbox import Mailbox
from tests.support.running_step import RunningStep
from tests.support.submission import Submission


class Site:
    """A step behind its address; nothing here knows which one."""

    def __init__(self, step: RunningStep, pictures: str = "") -> None:
        self.step, self.pictures = step, pictures
        self.url = step.url
        self.mail = Mailbox(step.mail_url)

    def load(self, posts: list[Submission], word: str) -> None:
        """Load posts as a user does, and wait until a search for `word` finds those that have it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "posts.ndjson"
            file.write_text("".join(post.line() for post in posts))
            self.step.load(file)
        expected = sum(word in post.title for post in posts)

        def found() -> None:
            assert Client(self.url).json("/search", q=word)["_meta"]["total"] >= expected

        eventually(found)
