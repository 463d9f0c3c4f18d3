"""Instances and versions of services come, go, die and come back while the step runs."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.step2.scaling import Stage, answers, calling
from tests.support.answers import expect
from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.killed_run import SHARED, check_nothing_outlives
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from tests.support.workshop_command import call

POSTS = 3
BACK_SECONDS = 60.0
END_SECONDS = 60.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with RunningStep(2, tmp_path_factory.mktemp("scale") / "state") as running:
        made = Stage(running)
        made.await_each_version()
        yield made


@pytest.fixture(autouse=True)
def as_it_began(stage: Stage) -> Iterator[None]:
    """One instance of each version, all requests for the first version of each service."""
    before = stage.services()
    yield
    if stage.services() != before:
        stage.workshop("scale", "search:v1=1", "search:v2=1", "like=1", "tag=1")
        stage.workshop("versions", "search", "v1=0", "v2=100")


def refused(stage: Stage, *arguments: str) -> str:
    """What a command says that fails."""
    with pytest.raises(AssertionError, match="ended with 1") as told:
        stage.workshop(*arguments)
    assert "Traceback" not in str(told.value)
    return str(told.value)


def test_each_version_begins_with_one_instance(stage: Stage) -> None:
    services = stage.services()
    assert {"posts", "search", "like", "tag"} <= set(services)
    stage.check_each_version_has_one()
    assert all(sum(stage.shares(name).values()) == 100 for name in services)
    assert stage.shares("search") == {"v2": 100, "v1": 0}
    for variable, url in [("POSTS", stage.urls("posts")[0]), ("SEARCH", stage.urls("search", "v2")[0])]:
        assert url == f"http://127.0.0.1:{stage.running.ports[f'STEP2_{variable}_PORT']}"


def test_replicas_come_and_go_and_are_listed(stage: Stage) -> None:
    first = stage.urls("like")
    table = stage.workshop("scale", "like=3")
    urls = stage.urls("like")
    assert urls[:1] == first
    assert len(set(urls)) == 3
    assert all(url in table and answers(url) for url in urls)
    pids = [stage.pids()[url] for url in urls]
    stage.workshop("scale", "like=1")
    assert stage.urls("like") == first
    assert answers(first[0])
    assert not [url for url in urls[1:] if answers(url)]
    assert [psutil.pid_exists(pid) for pid in pids] == [True, False, False]


def test_no_request_is_lost_meanwhile(stage: Stage) -> None:
    with calling(stage, "like") as caller:
        stage.workshop("scale", "like=3")
        eventually(lambda: expect_called(stage, caller.called), BACK_SECONDS)
        stage.workshop("scale", "like=1")
    assert set(caller.answers) == {200}, caller.answers


def expect_called(stage: Stage, called: set[str]) -> None:
    assert set(stage.urls("like")) <= called


def test_several_services_at_once_and_the_version_with_the_largest_share(stage: Stage) -> None:
    table = stage.workshop("scale", "search=2", "tag:v1=2")
    assert len(stage.urls("search", "v2")) == len(stage.urls("tag")) == 2
    assert len(stage.urls("search", "v1")) == 1
    assert "search" in table
    assert "tag" in table
    assert "like" not in table


def test_what_has_been_done_is_done_again_at_no_cost(stage: Stage) -> None:
    before = stage.pids()
    stage.workshop("scale", "like=1")
    assert stage.pids() == before


def test_shares_are_told_to_callers(stage: Stage) -> None:
    table = stage.workshop("versions", "search", "v1=90", "v2=10")
    assert stage.shares("search") == {"v2": 10, "v1": 90}
    assert table == stage.workshop("versions", "search")
    assert re.search(r"search +v1 +90 %", table)
    assert "like" not in table
    stage.workshop("scale", "search=2")
    assert len(stage.urls("search", "v1")) == 2


def test_a_version_without_a_share_may_go_and_come_back(stage: Stage) -> None:
    stage.workshop("scale", "search:v1=0")
    assert stage.services()["search"]["v1"] == {"share": 0, "urls": [], "filling": []}
    assert "search v1 has no instance" in refused(stage, "versions", "search", "v1=50", "v2=50")
    assert stage.shares("search") == {"v2": 100, "v1": 0}
    stage.workshop("scale", "search:v1=1")
    stage.workshop("versions", "search", "v1=100", "v2=0")
    stage.workshop("scale", "search:v2=0")
    assert [answers(url) for url in stage.urls("search", "v1")] == [True]


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
def test_what_cannot_be_is_refused_and_changes_nothing(stage: Stage, command: str, text: str) -> None:
    before, instances = stage.services(), stage.recorded_instances()
    assert text in refused(stage, *command.split())
    assert stage.services() == before
    assert stage.recorded_instances() == instances


def test_where_the_step_does_not_run_nothing_is_scaled(stage: Stage, tmp_path: Path) -> None:
    elsewhere = {**stage.running.environment, "WORKSHOP_STATE": str(tmp_path)}
    for arguments in (["scale", "like=2"], ["versions", "search"], ["services"]):
        with pytest.raises(AssertionError, match="Step 2 does not run"):
            call(arguments, elsewhere)


def test_a_second_run_of_the_same_state_is_refused(stage: Stage) -> None:
    second = RunningStep(2, stage.state)
    second.environment["MONGO_PORT"] = stage.running.environment["MONGO_PORT"]
    with pytest.raises(AssertionError, match="Step 2 runs here already, since"):
        second.start()
    assert answers(stage.urls("like")[0])


def test_a_killed_instance_is_back_at_its_address_and_was_never_unlisted(stage: Stage) -> None:
    url = stage.urls("like")[0]
    killed = stage.pids()[url]
    os.kill(killed, signal.SIGKILL)

    def back() -> None:
        assert stage.urls("like") == [url]
        assert stage.pids().get(url, killed) != killed
        assert answers(url)

    eventually(back, BACK_SECONDS)
    assert "like was killed by SIGKILL" in stage.running.output
    assert "like is started again" in stage.running.output


def test_a_killed_face_is_back(stage: Stage) -> None:
    run = stage.run()
    instances = set(stage.pids().values())
    face = next(
        each
        for each in run.children()
        if each.pid not in instances and not any(part in " ".join(each.cmdline()) for part in SHARED)
    )
    face.kill()

    def back() -> None:
        assert not face.is_running() or face.status() == psutil.STATUS_ZOMBIE
        assert answers(stage.running.url)

    eventually(back, BACK_SECONDS)
    assert stage.running.running


def test_a_killed_mongod_is_back_with_its_data(stage: Stage, tmp_path: Path) -> None:
    word = new_word()
    file = tmp_path / "posts.ndjson"
    posts = [Submission(f"{word} {number}", new_topic(), 1_600_000_000 + number) for number in range(POSTS)]
    file.write_text("".join(each.line() for each in posts), encoding="utf-8")
    stage.running.load(file)
    killed = stage.mongod
    os.kill(killed, signal.SIGKILL)

    def back() -> None:
        assert "mongod is up again" in stage.running.output
        assert stage.mongod != killed
        expect(Client(stage.running.url).get("/health/ready"), 200)
        for each in posts:
            expect(Client(stage.running.url).get(f"/posts/{each.post_id}"), 200)

    eventually(back, BACK_SECONDS)
    assert stage.running.running


def test_nothing_of_the_step_outlives_a_killed_run(stage: Stage) -> None:
    """The last of these tests, as it ends the run that they share."""
    check_nothing_outlives(stage.run(), END_SECONDS)
    assert "Step 2 does not run" in refused(stage, "services")
    call(["clean"], stage.running.environment)
