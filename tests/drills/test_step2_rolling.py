"""Search goes from one version to another and back, and up to three instances and down, under requests at a
constant rate: none fails, and each gets its response from a version that has a share at the time.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.sender import Sender, sending
from tests.step2.scaling import Stage
from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word

pytestmark = [pytest.mark.drill, pytest.mark.only_step(2), pytest.mark.timeout(600)]


RATE = 50.0
POSTS = 12
ENOUGH = 100
"""Responses after each change before the next one: those of two seconds."""

PATIENCE = 30.0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with RunningStep(2, tmp_path / "state", {"STONES_LOG_LEVEL": "ERROR"}) as running:
        yield Stage(running)


@pytest.fixture
def path(stage: Stage, tmp_path: Path) -> str:
    """Return the path of a search that finds POSTS posts in both versions."""
    word = new_word()
    made = [Submission(f"{word} {each}", new_topic(), 1_600_000_000 + each) for each in range(POSTS)]
    file = tmp_path / "posts.ndjson"
    file.write_text("".join(each.line() for each in made), encoding="utf-8")
    stage.running.load(file)

    def there() -> None:
        assert Client(stage.running.url).json("/search", q=word)["_meta"]["total"] == POSTS

    eventually(there, PATIENCE)
    return f"/search?q={word}"


def expect_versions(sender: Sender, since: float, instances: set[str], versions: set[str]) -> None:
    """Check that from now on all these versions respond, and no others."""

    def check() -> None:
        responses = sender.since(since)
        assert len(responses) >= ENOUGH
        assert {each.served_by.partition(" ")[0] for each in responses} >= instances

    eventually(check, PATIENCE)
    responses = sender.since(since)
    assert {each.version for each in responses} <= versions, sender.outcomes()


def test_no_request_fails_from_one_version_to_the_other_and_back(stage: Stage, path: str) -> None:
    stage.workshop("versions", "search", "v1=100", "v2=0")
    with sending(stage.running.url, path, RATE) as sender:

        def do(*command: str, then: set[str]) -> None:
            stage.workshop(*command)
            expect_versions(sender, time.monotonic(), then, {each.split("-")[1] for each in then})

        three = {"search-v2", "search-v2-2", "search-v2-3"}
        expect_versions(sender, time.monotonic(), {"search-v1"}, {"v1"})
        do("versions", "search", "v1=50", "v2=50", then={"search-v1", "search-v2"})
        do("scale", "search:v2=3", then={"search-v1", *three})
        do("versions", "search", "v1=0", "v2=100", then=three)
        do("scale", "search:v1=0", then=three)
        do("scale", "search:v2=1", then={"search-v2"})
        there = {each.version for each in sender.since(0.0)}
        do("scale", "search:v1=1", then={"search-v2"})
        do("versions", "search", "v1=50", "v2=50", then={"search-v1", "search-v2"})
        do("versions", "search", "v1=100", "v2=0", then={"search-v1"})
        do("scale", "search:v2=0", then={"search-v1"})
    responses = sender.responses
    by_instance = {
        name: sum(each.served_by.startswith(f"{name} ") for each in responses)
        for name in sorted({each.served_by.partition(" ")[0] for each in responses if each.served_by})
    }
    span = max(each.due for each in responses) - min(each.due for each in responses)
    print(
        f"{len(responses)} requests in {span:.1f} s, {len(responses) / span:.1f} a second; outcomes "
        f"{dict(sender.outcomes())}; by instance {by_instance}; the sender's worst lag "
        f"{max(each.lag for each in responses) * 1000:.0f} ms"
    )
    assert set(sender.outcomes()) == {200}
    assert {each.total for each in responses} == {POSTS}
    assert there == {"v1", "v2"}
    assert {*by_instance} == {"search-v1", *three}
    v2 = stage.services()["search"]["v2"]
    assert (v2["share"], v2["urls"]) == (0, [])
