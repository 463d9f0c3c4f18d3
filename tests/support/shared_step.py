"""A running step for several folders of tests, one after another, as some take long to start."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.support.client import Client
from tests.support.foreign_variables import ODD_NAME
from tests.support.image_site import ImageSite
from tests.support.nginx import PROXY
from tests.support.running_step import QUIET, RunningStep
from tests.support.submission import Submission, loved_posts, new_topic, new_word

POSTS = 60


@dataclass(frozen=True)
class SharedStep:
    """A running step that may fetch pictures from `images` and from a port that refuses connections.

    It was started with `posts`, newest first, all with `word` and of one `topic`, and `pictured`, which has a
    picture. Once it was ready, `found_at_start` of the posts were found.
    """

    running: RunningStep
    images: ImageSite
    closed_port: int
    word: str
    topic: str
    posts: list[Submission]
    pictured: Submission
    found_at_start: int


class SharedSteps:
    """The shared steps of this process: one at a time."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._shared: SharedStep | None = None

    def get(self, step: int, folder: Path) -> SharedStep:
        """Return the running step, else start one with its state in `folder`."""
        if self._shared is None or self._shared.running.step != step:
            self.end()
            self._shared = self._start(step, folder)
        return self._shared

    def end(self) -> None:
        """Stop the running step. Raises AssertionError if that fails."""
        self._shared = None
        self._stack.close()

    def _start(self, step: int, folder: Path) -> SharedStep:
        images = self._stack.enter_context(ImageSite())
        refusing = self._stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))
        closed_port = refusing.getsockname()[1]
        settings = {
            "IMAGE_ALLOWED_HOSTS": f"{images.host},127.0.0.1:{closed_port}",
            "TRUSTED_PROXIES": PROXY,
            # Step 3 waits so long before it responds with 202: tests expect 200 also on a busy machine.
            "COMMAND_SECONDS": "25",
            "REQUEST_SECONDS": "28",
            **QUIET,
        }
        running = RunningStep(step, folder / ODD_NAME, settings)
        word, topic = new_word(), new_topic()
        posts = loved_posts(POSTS, word, topic)
        pictured = Submission("pictured", new_topic(), 1_500_000_000, url=f"{images.url}/a.png")
        file = folder / "posts.ndjson"
        file.write_text("".join(each.line() for each in [*posts, pictured]), encoding="utf-8")
        running.load(file)
        self._stack.enter_context(running)
        found = Client(running.url).json("/search", q=word)["_meta"]["total"]
        return SharedStep(running, images, closed_port, word, topic, posts, pictured, found)


shared_steps = SharedSteps()
