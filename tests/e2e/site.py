"""A running step as a browser test needs it: posts to load, mail to read, pictures to show."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.e2e.posts import Submission
from tests.support.image_site import ImageSite
from tests.support.running_step import RunningStep

Found = TypeVar("Found")
PATIENCE = 20.0  # seconds
JSON = {"Accept": "application/json"}


class Site:
    """A step behind its address; nothing here knows which one."""

    def __init__(self, step: RunningStep, images: ImageSite) -> None:
        self.step, self.images = step, images
        self.url = step.url

    def load(self, submissions: list[Submission], word: str) -> None:
        """Load posts as a user does, and wait until a search for `word` finds them all."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "posts.ndjson"
            file.write_text("".join(json.dumps(each) + "\n" for each in submissions))
            self.step.load(file)
        self.wait_for(lambda: self._found(word) >= len(submissions), f"posts about {word}")

    def mail_to(self, address: str) -> dict[str, Any]:
        """The first mail to an address, with its text; waits for it."""
        api = f"{self.step.mail_url}/api/v1"

        def arrived() -> dict[str, Any] | None:
            for each in requests.get(f"{api}/messages", timeout=5).json()["messages"]:
                if address in [to["Address"] for to in each["To"]]:
                    found: dict[str, Any] = requests.get(f"{api}/message/{each['ID']}", timeout=5).json()
                    return found
            return None

        return self.wait_for(arrived, f"mail to {address}")

    def picture_url(self, name: str | None) -> str:
        """The address of a picture, or of none."""
        return f"{self.images.url}/{name or 'broken'}.png"

    @staticmethod
    def wait_for(question: Callable[[], Found | None], what: str) -> Found:
        """Ask until the answer is true. Raises AssertionError when it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := question()):
            assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE:g} s"
            time.sleep(0.05)
        return answer

    def _found(self, word: str) -> int:
        answer = requests.get(f"{self.url}/search", params={"q": word}, headers=JSON, timeout=10)
        total: int = answer.json()["_meta"]["total"]
        return total
