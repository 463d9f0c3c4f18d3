"""Step 2 as it runs: the face, the services behind it, and posts in all that take them."""

import secrets
from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from tests.step2.parts import Parts, read_secrets
from tests.step2.scaling import Stage
from tests.support.client import Reader
from tests.support.image_site import ImageSite
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word

POSTS = 160
"""Enough for a reader to mark 50 of them in each of three ways."""


@pytest.fixture(scope="package")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("step2")
    with ImageSite() as images:
        settings = {
            "SHARES_PER_MINUTE": "100000",
            "FAILED_SIGN_INS_PER_MINUTE": "100000",
            "IMAGE_ALLOWED_HOSTS": images.host,
        }
        running = RunningStep(2, folder / "state", settings)
        stage, word, topic = Stage(running), new_word(), new_topic()
        posts = [
            Submission(f"{word} {number}", topic, 1_600_000_000 - number, ups=200 + number)
            for number in range(POSTS)
        ]
        lonely = [Submission("lonely", f"{topic}_", 1_500_000_000, ups=150 - number) for number in range(3)]
        pictured = Submission("pictured", new_topic(), 1_500_000_000, url=f"{images.url}/a.png")
        file = folder / "posts.ndjson"
        file.write_text("".join(each.line() for each in [*posts, *lonely, pictured]), encoding="utf-8")
        running.load(file)
        with running:
            known = read_secrets(stage)
            admin: MongoClient[dict[str, object]] = MongoClient(
                "127.0.0.1",
                running.ports["MONGO_PORT"],
                username="workshop",
                password=known["mongo user workshop"],
                tz_aware=True,
                directConnection=True,
            )
            with admin:
                stage.await_each_version()
                services = stage.services()
                made = Parts(stage, admin, word, topic, posts, lonely, pictured, known, services)
                made.await_arrival()
                yield made


@pytest.fixture
def member(parts: Parts) -> Reader:
    """A new member, who asks the face."""
    return parts.new_member()


@pytest.fixture
def tag() -> str:
    """A tag nobody has used."""
    return f"t-{secrets.token_hex(4)}"
