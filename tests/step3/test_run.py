"""The run keeps the port of the face open, and starts dead instances again."""

import os
import signal
from collections.abc import Callable

import pytest
import requests

from tests.step3.running_parts import SERVICES, Parts
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.responses import expect

BACK_SECONDS = 90.0


def is_so(check: Callable[[], bool]) -> Callable[[], None]:
    def assert_it() -> None:
        assert check()

    return assert_it


def test_run_is_ready_once_all_services_are_up(parts: Parts) -> None:
    found = parts.stage.registry().values()
    assert {each["service"] for each in found} == set(SERVICES)
    assert {each["state"] for each in found} == {"up"}


@pytest.mark.drill
def test_killed_gateway_refuses_no_client(parts: Parts) -> None:
    (killed,) = (pid for name, pid in parts.stage.masters().items() if name.startswith("gateway"))
    os.kill(killed, signal.SIGKILL)
    # No process accepts it at this moment, but it is not refused, and gets a response.
    response = requests.get(parts.face, headers={"Accept": "application/json"}, timeout=BACK_SECONDS)
    assert response.status_code in (200, 503)
    eventually(is_so(lambda: Client(parts.face).get("/health/ready").ok), BACK_SECONDS)


@pytest.mark.drill
@pytest.mark.parametrize("service", ["tagged", "like", "capture"])
def test_killed_instance_is_started_again_and_misses_no_event(
    parts: Parts, member: Reader, service: str
) -> None:
    post = parts.posts[5].post_id
    (name,) = parts.stage.instances(service)
    before = parts.stage.masters()[name]
    os.kill(before, signal.SIGKILL)

    def is_back() -> None:
        # Its workers respond for a moment longer; then there is no response until the next instance is up.
        assert parts.stage.masters()[name] != before
        assert parts.stage.instances(service) == [name]
        expect(member.put(f"/posts/{post}/like"), 200)
        assert expect(member.get(f"/posts/{post}"), 200).json().get("liked") is True
        expect(member.put(f"/posts/{post}/tags/back"), 200)
        assert member.items("/tags") == [{"tag": "back", "count": 1}]

    eventually(is_back, BACK_SECONDS)


def test_unknown_service_cannot_be_rebuilt(parts: Parts) -> None:
    with pytest.raises(AssertionError, match="ended with 1") as raised:
        parts.stage.workshop("rebuild", "nothing")
    assert "Traceback" not in str(raised.value)


def test_there_are_no_dead_letters(parts: Parts) -> None:
    assert "no dead letters" in parts.stage.workshop("rapids", "dead")
