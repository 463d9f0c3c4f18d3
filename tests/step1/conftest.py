"""Step 1 as it runs: the face, the API behind it, and posts in both."""

import secrets
from collections.abc import Iterator

import pytest

from tests.step1.running_parts import Parts, new_member
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word

POSTS = 30


@pytest.fixture(scope="package")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("step1")
    settings = {"SHARES_PER_MINUTE": "100000", "FAILED_SIGN_INS_PER_MINUTE": "100000"}
    with RunningStep(1, folder / "state", settings) as running:
        word, topic = new_word(), new_topic()
        posts = [
            Submission(f"{word} {number}", topic, 1_600_000_000 - number, ups=200 + number)
            for number in range(POSTS)
        ]
        file = folder / "posts.ndjson"
        file.write_text("".join(each.line() for each in posts), encoding="utf-8")
        running.load(file)
        api = f"http://127.0.0.1:{running.ports['STEP1_API_PORT']}"

        def loaded() -> None:
            assert Client(api).json("/search", q=word)["_meta"]["total"] == POSTS

        eventually(loaded)
        yield Parts(running, running.url, api, word, topic, posts)


@pytest.fixture
def visitor(parts: Parts) -> Client:
    """A client of the API without a token."""
    return Client(parts.api)


@pytest.fixture
def member(parts: Parts) -> Reader:
    """A new member with a client of the API."""
    return new_member(parts.api)


@pytest.fixture
def other(parts: Parts) -> Reader:
    """A second new member with a client of the API."""
    return new_member(parts.api)


@pytest.fixture
def tag() -> str:
    """A tag that no test has used."""
    return f"t-{secrets.token_hex(4)}"
