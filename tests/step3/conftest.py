"""Step 3 as it runs: gateways, services, their ponds, and posts in all of them."""

import secrets
from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from tests.step3.parts import POSTS, Parts, Stage
from tests.support.client import Client, Reader
from tests.support.foreign import ODD_NAME
from tests.support.image_site import ImageSite
from tests.support.running_step import RunningStep
from tests.support.span_collector import SpanCollector
from tests.support.submission import Submission, new_topic, new_word


@pytest.fixture(scope="package")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The step, shared by the files that leave it as they found it."""
    folder = tmp_path_factory.mktemp("step3")
    with ImageSite() as images, SpanCollector() as spans:
        settings = {
            "SHARES_PER_MINUTE": "100000",
            "FAILED_SIGN_INS_PER_MINUTE": "100000",
            "IMAGE_ALLOWED_HOSTS": images.host,
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url,
        }
        running = RunningStep(3, folder / ODD_NAME, settings)
        stage, word, topic = Stage(running), new_word(), new_topic()
        posts = [
            Submission(f"{word} {number}", topic, 1_600_000_000 - number, ups=200 + number)
            for number in range(POSTS)
        ]
        pictured = Submission("pictured", new_topic(), 1_500_000_000, url=f"{images.url}/a.png")
        file = folder / "posts.ndjson"
        file.write_text("".join(each.line() for each in [*posts, pictured]), encoding="utf-8")
        running.load(file)
        with running:
            found = Client(running.url).json("/search", q=word)["_meta"]["total"]
            admin: MongoClient[dict[str, object]] = MongoClient(
                "127.0.0.1",
                running.ports["MONGO_PORT"],
                username="workshop",
                password=stage.secret("mongo user workshop"),
                tz_aware=True,
                directConnection=True,
            )
            with admin:
                made = Parts(stage, admin, spans, word, topic, posts, pictured, found)
                made.await_posts()
                yield made


@pytest.fixture
def member(parts: Parts) -> Reader:
    """A new member, who asks the face."""
    return parts.new_member()


@pytest.fixture
def tag() -> str:
    """A tag nobody has used."""
    return f"t-{secrets.token_hex(4)}"
