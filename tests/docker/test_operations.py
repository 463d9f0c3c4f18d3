"""What an operator does with running containers: looks, scales, rolls out, loads, cuts, and loses some."""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from docker.models.containers import Container

from tests.docker.running_containers import RunningContainers
from tests.support.client import Client, new_reader
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.submission import loved_posts, new_topic, new_word
from workshop.containers.parts import MONGO
from workshop.steps import read_step

pytestmark = [pytest.mark.docker, pytest.mark.timeout(3600)]

SECONDS = 120.0
WITH_SERVICES = (2, 3)
REQUESTED = """
import re, urllib.request
text = urllib.request.urlopen("http://127.0.0.1:8000/metrics", timeout=5).read().decode()
counts = re.findall(r'^http_requests_total\\{[^}]*search[^}]*\\} (\\S+)', text, re.M)
print(sum(map(float, counts)))
"""
"""Prints how many searches an instance has responded to."""

KILL_ALL = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) not in (1, os.getpid()):
        os.kill(int(pid), 9)
"""


@pytest.fixture
def word(running: RunningContainers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A word that three posts contain, which are loaded through the workshop's own command."""
    word, topic = new_word(), new_topic()
    file = tmp_path_factory.mktemp("posts") / "posts.ndjson"
    file.write_text("".join(each.line() for each in loved_posts(3, word, topic)), encoding="utf-8")
    printed = running.workshop("load", "--step", str(running.step), "--file", str(file))
    assert "3" in printed
    eventually(lambda: _finds(running, word), SECONDS)
    return word


def _finds(running: RunningContainers, word: str) -> None:
    try:
        found = Client(running.ready).json("/search", q=word)
    except requests.RequestException as error:
        raise AssertionError(str(error)) from error
    assert found["_meta"]["total"] == 3


def services_of(running: RunningContainers, service: str) -> list[Container]:
    found = running.containers(service)
    assert found
    return found


def searches(container: Container) -> float:
    """Return how many searches a container has responded to; 0 if it does not respond."""
    code, printed = container.exec_run(["python", "-c", REQUESTED])
    return float(printed) if code == 0 else 0.0


def only_with_services(running: RunningContainers) -> None:
    if running.step not in WITH_SERVICES:
        pytest.skip("this step has no services")


def search_until(running: RunningContainers, word: str, is_done: Callable[[], bool]) -> None:
    """Search until something is done. Every search must have its response. A reader searches, whom no cache
    serves.
    """
    reader, deadline = new_reader(running.ready), time.monotonic() + SECONDS
    while not is_done():
        for _ in range(10):
            assert reader.json("/search", q=word)["_meta"]["total"] == 3
        assert time.monotonic() < deadline


def search_during(running: RunningContainers, word: str, change: Callable[[], str]) -> str:
    """Search while something is changed, and return what that printed."""
    with ThreadPoolExecutor(1) as other:
        changed = other.submit(change)
        search_until(running, word, changed.done)
    return changed.result()


def test_posts_can_be_loaded(word: str) -> None:
    assert word


def test_containers_are_listed(running: RunningContainers) -> None:
    only_with_services(running)
    table = running.workshop("services", "--step", str(running.step))
    for service in read_step(running.step).services:
        assert re.search(rf"\b{service}\b", table), table


def test_compose_scales_and_no_request_notices(running: RunningContainers, word: str) -> None:
    only_with_services(running)
    listed = addresses(running)
    options = ("--detach", "--no-recreate", "--no-build", "--scale", "search=3")
    search_during(running, word, lambda: running.compose("up", *options, "search"))
    assert len(services_of(running, "search")) == 3
    before = {each.id: searches(each) for each in services_of(running, "search")}
    search_until(
        running,
        word,
        lambda: all(searches(each) > before[each.id] for each in services_of(running, "search")),
    )
    eventually(lambda: _listed(running, listed + 2), SECONDS)
    search_during(running, word, lambda: running.workshop("scale", "--step", str(running.step), "search=1"))
    eventually(lambda: _count(running, "search", 1), SECONDS)
    _finds(running, word)


def addresses(running: RunningContainers) -> int:
    """Return how many instances `./stones services` lists with their addresses."""
    return len(re.findall(r"http://\S+", running.workshop("services", "--step", str(running.step))))


def _listed(running: RunningContainers, wanted: int) -> None:
    assert addresses(running) == wanted


def _count(running: RunningContainers, service: str, wanted: int) -> None:
    assert len(running.containers(service)) == wanted


def test_requests_go_to_another_version(running: RunningContainers, word: str) -> None:
    only_with_services(running)
    step = ("--step", str(running.step))
    running.workshop("versions", *step, "search", "v1=100", "v2=0")
    try:
        before = searches(services_of(running, "search-v1")[0])
        search_until(running, word, lambda: searches(services_of(running, "search-v1")[0]) > before)
    finally:
        running.workshop("versions", *step, "search", "v1=0", "v2=100")


def test_replaced_container_is_another_one(running: RunningContainers, word: str) -> None:
    only_with_services(running)
    (old,) = services_of(running, "search")
    printed = search_during(
        running, word, lambda: running.workshop("replace", "--step", str(running.step), "search")
    )
    (new,) = services_of(running, "search")
    assert new.id != old.id, printed
    _finds(running, word)


def test_killed_process_comes_back(running: RunningContainers, word: str) -> None:
    victim = "search" if running.step in WITH_SERVICES else "web"
    (container,) = services_of(running, victim)
    before = container.attrs["RestartCount"]
    container.exec_run(["python", "-c", KILL_ALL])

    def is_back() -> None:
        container.reload()
        assert container.attrs["RestartCount"] > before
        _finds(running, word)

    eventually(is_back, SECONDS)


@contextmanager
def cut_off(running: RunningContainers, service: str) -> Iterator[None]:
    """Take the containers of a service off the step's network."""
    found = services_of(running, service)
    (name,) = found[0].attrs["NetworkSettings"]["Networks"]
    network = running.client.networks.get(name)
    for each in found:
        network.disconnect(each)
    try:
        yield
    finally:
        for each in found:
            network.connect(each, aliases=[service])


def test_cut_off_service_is_missed_by_nobody_else(running: RunningContainers, word: str) -> None:
    only_with_services(running)
    reader = new_reader(running.ready)
    post = reader.items("/search", q=word)[0]["_id"]
    expect(reader.put(f"/posts/{post}/like"), 200)
    with cut_off(running, "like"):
        eventually(lambda: _is_refused(reader, post), SECONDS)
        _finds(running, word)
        expect(reader.put(f"/posts/{post}/tags/kept"), 200)
    eventually(lambda: expect(reader.put(f"/posts/{post}/like"), 200), SECONDS)


def _is_refused(reader: Client, post: str) -> None:
    assert reader.delete(f"/posts/{post}/like").status_code in (502, 503, 504)


def test_lost_store_comes_back_with_its_data(running: RunningContainers, word: str) -> None:
    (mongo,) = services_of(running, MONGO)
    mongo.restart()
    eventually(lambda: _finds(running, word), SECONDS)


@pytest.mark.only_step(3)
def test_rapids_command_works_beside_containers(running: RunningContainers) -> None:
    assert "There are no dead letters" in running.workshop("rapids", "--step", "3", "dead")
    printed = running.workshop("rapids", "--step", "3", "asyncapi")
    document = printed[printed.index("{") :]  # compose says on stderr what it starts
    assert json.loads(document)["asyncapi"]
