"""Instances and versions of services come and go while the step runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.step2.running_parts import Parts
from tests.step2.scaling import Stage, is_live
from tests.support.readers_apart import mingle, new_readers
from tests.support.running_step import RunningStep
from tests.support.workshop_command import call


@pytest.fixture
def stage(parts: Parts) -> Stage:
    return parts.stage


@pytest.fixture(autouse=True)
def restored_instances(stage: Stage) -> Iterator[None]:
    """Each test ends with one instance of each version, and all requests for the first version."""
    before = stage.services()
    yield
    if stage.services() != before:
        stage.workshop("scale", "search:v1=1", "search:v2=1", "like=1", "tag=1")
        stage.workshop("versions", "search", "v1=0", "v2=100")


def refused(stage: Stage, *arguments: str) -> str:
    """Call a command that has to fail, and return its output."""
    with pytest.raises(AssertionError, match="ended with 1") as raised:
        stage.workshop(*arguments)
    assert "Traceback" not in str(raised.value)
    return str(raised.value)


def test_each_version_begins_with_one_instance(parts: Parts) -> None:
    first, ports = parts.services_at_start, parts.stage.running.ports
    assert {"posts", "search", "like", "tag"} <= set(first)
    assert all(len(described["urls"]) == 1 for own in first.values() for described in own.values())
    shares = {
        name: {version: described["share"] for version, described in own.items()}
        for name, own in first.items()
    }
    assert all(sum(each.values()) == 100 for each in shares.values())
    assert shares["search"] == {"v2": 100, "v1": 0}
    for service, version in [("posts", "v1"), ("search", "v2")]:
        port = ports[f"STEP2_{service.upper()}_PORT"]
        assert first[service][version]["urls"] == [f"http://127.0.0.1:{port}"]


@pytest.mark.drill
def test_replicas_keep_readers_apart(parts: Parts, stage: Stage) -> None:
    stage.workshop("scale", "search:v2=2", "like=2", "tag=2")
    posts = [each.post_id for each in parts.posts[-3:]]
    mingle(parts.face, new_readers(parts.face, 6), posts, parts.word, rounds=40)


@pytest.mark.drill
def test_replicas_are_started_stopped_and_listed(stage: Stage) -> None:
    first = stage.urls("like")
    table = stage.workshop("scale", "like=3")
    urls = stage.urls("like")
    assert urls[:1] == first
    assert len(set(urls)) == 3
    assert all(url in table and is_live(url) for url in urls)
    pids = [stage.pids()[url] for url in urls]
    stage.workshop("scale", "like=1")
    assert stage.urls("like") == first
    assert is_live(first[0])
    assert not [url for url in urls[1:] if is_live(url)]
    assert [psutil.pid_exists(pid) for pid in pids] == [True, False, False]


def test_scale_accepts_several_services_and_defaults_to_the_largest_share(stage: Stage) -> None:
    table = stage.workshop("scale", "search=2", "tag:v1=2")
    assert len(stage.urls("search", "v2")) == len(stage.urls("tag")) == 2
    assert len(stage.urls("search", "v1")) == 1
    assert "search" in table
    assert "tag" in table
    assert "like" not in table


def test_scaling_to_the_current_number_changes_nothing(stage: Stage) -> None:
    before = stage.pids()
    stage.workshop("scale", "like=1")
    assert stage.pids() == before


def test_callers_get_the_shares(stage: Stage) -> None:
    table = stage.workshop("versions", "search", "v1=90", "v2=10")
    assert stage.shares("search") == {"v2": 10, "v1": 90}
    assert table == stage.workshop("versions", "search")
    assert re.search(r"search +v1 +90 %", table)
    assert "like" not in table
    stage.workshop("scale", "search=2")
    assert len(stage.urls("search", "v1")) == 2


@pytest.mark.drill
def test_version_without_a_share_can_be_stopped_and_started(stage: Stage) -> None:
    stage.workshop("scale", "search:v1=0")
    assert stage.services()["search"]["v1"] == {"share": 0, "urls": [], "filling": []}
    assert "search v1 has no instance" in refused(stage, "versions", "search", "v1=50", "v2=50")
    assert stage.shares("search") == {"v2": 100, "v1": 0}
    stage.workshop("scale", "search:v1=1")
    stage.workshop("versions", "search", "v1=100", "v2=0")
    stage.workshop("scale", "search:v2=0")
    assert [is_live(url) for url in stage.urls("search", "v1")] == [True]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("scale nothing=1", "There is no service nothing"),
        ("scale search:v9=1", "There is no search v9; there is: v2, v1"),
        ("scale like=21", "from 0 to 20"),
        ("scale like=-1", "from 0 to 20"),
        ("scale like=many", "from 0 to 20"),
        ("scale like", "from 0 to 20"),
        ("scale like=0", "last instance has to stay"),
        ("scale search:v2=0", "first give its share to another version"),
        ("scale like=2 search:v2=0", "last instance has to stay"),
        ("versions nothing", "There is no service nothing"),
        ("versions search v9=100", "There is no search v9"),
        ("versions search v1=60", "must add up to 100"),
        ("versions search v1=60 v2=60", "must add up to 100"),
        ("versions search v1=-10 v2=110", "in percent"),
        ("services --step 0", "has no services"),
        ("scale --step 7 like=2", "There is no step 7"),
    ],
)
def test_impossible_command_is_refused_and_changes_nothing(stage: Stage, command: str, text: str) -> None:
    before, instances = stage.services(), stage.recorded_instances()
    assert text in refused(stage, *command.split())
    assert stage.services() == before
    assert stage.recorded_instances() == instances


def test_commands_fail_if_the_step_does_not_run(stage: Stage, tmp_path: Path) -> None:
    elsewhere = {**stage.running.environment, "WORKSHOP_STATE": str(tmp_path)}
    for arguments in (["scale", "like=2"], ["versions", "search"], ["services"]):
        with pytest.raises(AssertionError, match="Step 2 does not run"):
            call(arguments, elsewhere)


def test_a_second_run_of_the_same_state_is_refused(stage: Stage) -> None:
    second = RunningStep(2, stage.state)
    second.environment["MONGO_PORT"] = stage.running.environment["MONGO_PORT"]
    with pytest.raises(AssertionError, match="Step 2 runs here already, since"):
        second.start()
    assert is_live(stage.urls("like")[0])
