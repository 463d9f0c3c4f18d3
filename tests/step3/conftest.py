"""Step 3 as it runs: gateways, services, their ponds, and posts in all of them."""

import secrets
from collections.abc import Iterator

import pytest

from tests.step3.running_parts import Parts, Stage
from tests.support.client import Reader
from tests.support.shared_step import shared_steps


@pytest.fixture(scope="package")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The step, shared by the files that restore what they change."""
    shared = shared_steps.get(3, tmp_path_factory.mktemp("shared"))
    stage = Stage(shared.running)
    with shared.running.admin() as admin:
        made = Parts(stage, admin, shared.word, shared.topic, shared.posts, shared.pictured)
        made.await_posts()
        yield made


@pytest.fixture
def member(parts: Parts) -> Reader:
    """A new member with a client of the face."""
    return parts.new_member()


@pytest.fixture
def tag() -> str:
    """A tag that no test has used."""
    return f"t-{secrets.token_hex(4)}"
