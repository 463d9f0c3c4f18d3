"""Instances, gateways among them, are replaced, added and removed while requests are sent."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
import requests

from tests.step3.running_parts import Parts
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.readers_apart import mingle, new_readers

BACK_SECONDS = 60.0
REQUESTS = 20


class Caller(threading.Thread):
    """Sends requests to the face, each over a connection of its own, and counts the responses."""

    def __init__(self, reader: Reader, path: str) -> None:
        super().__init__(daemon=True)
        self.responses: Counter[int | str] = Counter()
        self._reader, self._path = reader, path
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.02):
            try:
                response = requests.get(
                    self._reader.url + self._path,
                    headers={"Authorization": f"Bearer {self._reader.token}", "Accept": "application/json"},
                    timeout=30,
                )
            except requests.RequestException as error:
                self.responses[type(error).__name__] += 1
            else:
                gaps = response.headers.get("Gaps")
                self.responses[f"gaps {gaps}" if gaps else response.status_code] += 1

    def end(self) -> None:
        self._ended.set()
        self.join()


@contextmanager
def calling(reader: Reader, path: str) -> Iterator[Caller]:
    caller = Caller(reader, path)
    caller.start()
    try:
        yield caller
        enough = caller.responses.total() + REQUESTS
        eventually(lambda: expect_requests(caller, enough), BACK_SECONDS)
    finally:
        caller.end()


def expect_requests(caller: Caller, number: int) -> None:
    assert caller.responses.total() >= number


@pytest.mark.drill
@pytest.mark.parametrize(("service", "path"), [("tagged", "/tags"), ("web", "/"), ("gateway", "/")])
def test_instances_are_replaced_and_no_request_fails(
    parts: Parts, member: Reader, service: str, path: str
) -> None:
    before = {each.pid for each in parts.stage.processes(service)}
    with calling(member, path) as caller:
        output = parts.stage.workshop("replace", service)
    after = {each.pid for each in parts.stage.processes(service)}
    assert set(caller.responses) == {200}, caller.responses
    assert len(after) == len(before)
    assert not before & after
    assert not [pid for pid in before if psutil.pid_exists(pid)]
    assert "is replaced by" in output


@pytest.mark.drill
def test_several_gateways_share_the_address(parts: Parts, member: Reader) -> None:
    (first,) = parts.stage.instances("gateway")
    with calling(member, "/") as caller:
        parts.stage.workshop("scale", "gateway=3")
        assert len([name for name in parts.stage.masters() if name.startswith("gateway")]) == 3
        parts.stage.workshop("scale", "gateway=1")
    assert set(caller.responses) == {200}, caller.responses
    assert parts.stage.instances("gateway") == [first]


@pytest.mark.drill
def test_replicas_keep_readers_apart(parts: Parts) -> None:
    scaled = ("list", "search", "recommend", "tagged", "tag", "web", "gateway")
    parts.stage.workshop("scale", *(f"{each}=2" for each in scaled))
    try:
        posts = [each.post_id for each in parts.posts[-3:]]
        mingle(parts.face, new_readers(parts.face, 6), posts, parts.word, rounds=40)
    finally:
        parts.stage.workshop("scale", *(f"{each}=1" for each in scaled))


def test_replace_needs_known_services(parts: Parts) -> None:
    for arguments, text in (
        ((), "Name the services"),
        (("nothing",), "There is no service nothing"),
        (("--all", "like"), "Name the services"),
    ):
        with pytest.raises(AssertionError, match=text):
            parts.stage.workshop("replace", *arguments)


def test_table_shows_the_state_of_instances(parts: Parts) -> None:
    table = parts.stage.workshop("services")
    found = parts.stage.registry()
    assert all(each["url"] in table for each in found.values() if each["service"] != "gateway")
    assert len(re.findall(r" \d+\.\d s *$", table, re.MULTILINE)) == len(found)
    assert "silent" not in table


def test_face_responds_after_all_replacements(parts: Parts) -> None:
    assert Client(parts.face).get("/health/ready").status_code == 200
