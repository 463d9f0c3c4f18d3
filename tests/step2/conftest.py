"""Step 2 as it runs: the face, the services behind it, and posts in all that copy them."""

import secrets
from collections.abc import Iterator

import pytest

from tests.kit.conftest import (
    database_uri,
    issuer,
    kit_client,
    make_caller,
    make_service,
    refused,
    store,
)
from tests.step2.running_parts import Parts
from tests.step2.scaling import Stage
from tests.support.client import Reader
from tests.support.shared_step import shared_steps
from tests.support.submission import Submission, loved_posts, new_topic, new_word

__all__ = ["database_uri", "issuer", "kit_client", "make_caller", "make_service", "refused", "store"]

POSTS = 160
"""Enough for a reader to mark 50 of them in each of three ways."""


@pytest.fixture(scope="package")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The step, shared by the files that restore what they change."""
    shared = shared_steps.get(2, tmp_path_factory.mktemp("shared"))
    stage, word, topic = Stage(shared.running), new_word(), new_topic()
    stage.await_each_version()
    services = stage.services()
    posts = loved_posts(POSTS, word, topic)
    lonely = [Submission("lonely", f"{topic}_", 1_500_000_000, ups=150 - number) for number in range(3)]
    file = tmp_path_factory.mktemp("posts") / "posts.ndjson"
    file.write_text("".join(each.line() for each in [*posts, *lonely]), encoding="utf-8")
    shared.running.load(file)
    with shared.running.admin() as admin:
        made = Parts(
            stage, admin, word, topic, posts, lonely, shared.pictured, shared.running.secrets, services
        )
        made.await_arrival()
        yield made


@pytest.fixture
def member(parts: Parts) -> Reader:
    """A new member with a client of the face."""
    return parts.new_member()


@pytest.fixture
def tag() -> str:
    """A tag that no test has used."""
    return f"t-{secrets.token_hex(4)}"
