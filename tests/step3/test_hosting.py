"""How an instance joins and leaves the rapids and the registry, and works while other parts are away."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
import requests

from step3_async.rapids.hosting.gunicorn_config import leave_before_draining
from tests.step3.single_service import SingleService, World, world
from tests.step3.surroundings import post
from tests.support.eventually import eventually
from tests.support.responses import expect

__all__ = ["world"]

pytestmark = pytest.mark.drill

LEAVE_SECONDS = 60.0
TRIED_SECONDS = 60.0
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Caller(threading.Thread):
    """Sends requests to an instance, over new and kept connections, until it has left the registry."""

    def __init__(self, alone: SingleService) -> None:
        super().__init__(daemon=True)
        self._alone = alone
        self.responses: Counter[int | str] = Counter()

    def run(self) -> None:
        kept = requests.Session()
        while (last := self._alone.owners.last(self._alone.instance)) and last.state != "gone":
            for send in (requests.get, kept.get):
                try:
                    self.responses[send(f"{self._alone.url}/health/live", timeout=30).status_code] += 1
                except requests.RequestException as error:
                    self.responses[type(error).__name__] += 1


class TestStart:
    @pytest.mark.parametrize("service", ["list", "tag"])
    def test_instance_is_starting_until_its_pond_is_complete(self, world: World, service: str) -> None:
        world.owners.write("posts", "t3_early", post("early"))
        world.owners.held = True
        try:
            with world.database(service) as database, world.running(service, database) as alone:
                found = world.owners.await_state(alone.instance, "starting")
                assert found.url == alone.url
                parts = expect(alone.visitor.get("/health/ready"), 503).json()["parts"]
                assert parts["pond"] == "down"
                assert {each.state for each in _announced(alone)} == {"starting"}
                world.owners.held = False
                world.owners.await_state(alone.instance, "up")
                assert alone.visitor.json("/health/ready")["parts"]["pond"] == "ok"
                assert database["posts"].find_one({"_id": "t3_early"}) is not None
        finally:
            world.owners.held = False

    def test_instance_catches_up_before_it_is_up_again(self, world: World) -> None:
        with world.database("list") as database:
            with world.running("list", database) as alone:
                world.owners.await_state(alone.instance, "up")
            missed = world.owners.write("posts", f"t3_{token_hex(4)}", post("missed"))
            with world.running("list", database) as alone:
                world.owners.await_state(alone.instance, "up")
                assert alone.visitor.json(f"/posts/{missed.key}")["title"] == "missed"

    def test_two_instances_read_one_river_into_one_pond(self, world: World) -> None:
        with (
            world.database("list") as database,
            world.running("list", database) as first,
            world.running("list", database) as second,
        ):
            for each in (first, second):
                world.owners.await_state(each.instance, "up")
            for key in [f"t3_{token_hex(4)}" for _ in range(40)]:
                world.owners.write("posts", key, post(key))
                world.owners.await_applied("list", "posts", key)
                for each in (first, second):
                    assert each.visitor.json(f"/posts/{key}")["title"] == key


class TestEnd:
    def test_instance_leaves_the_registry_before_it_refuses_requests(self, world: World) -> None:
        with world.alone("list") as alone:
            caller = Caller(alone)
            caller.start()
            eventually(lambda: _check(caller.responses[200] > 10), LEAVE_SECONDS)
            assert alone.end() == 0
            world.owners.await_state(alone.instance, "gone", LEAVE_SECONDS)
            caller.join(LEAVE_SECONDS)
            assert set(caller.responses) == {200}
            assert _announced(alone)[-1].state == "gone"

    def test_instance_finishes_requests_before_it_ends(self, world: World) -> None:
        with world.alone("list") as alone:
            path = "/posts?max_results=50"
            responses: list[int] = []

            def send() -> None:
                while alone.process.poll() is None:
                    try:
                        responses.append(requests.get(alone.url + path, timeout=30).status_code)
                    except requests.ConnectionError:
                        return

            senders = [threading.Thread(target=send) for _ in range(4)]
            for sender in senders:
                sender.start()
            eventually(lambda: _check(len(responses) > 20), LEAVE_SECONDS)
            assert alone.end() == 0
            for sender in senders:
                sender.join(LEAVE_SECONDS)
            assert set(responses) == {200}


class TestOutages:
    @pytest.fixture
    def alone(self, world: World) -> Iterator[SingleService]:
        with world.alone("list") as found:
            yield found

    def test_instance_responds_from_its_pond_while_the_rapids_are_away(
        self, world: World, alone: SingleService
    ) -> None:
        known = world.owners.write("posts", f"t3_{token_hex(4)}", post("known"))
        world.owners.await_applied("list", "posts", known.key)
        world.nats.kill()
        try:

            def check() -> None:
                content = expect(alone.visitor.get("/health/ready"), 200).json()
                assert content["parts"]["rapids"] == "down"

            eventually(check)
            assert alone.visitor.json(f"/posts/{known.key}")["title"] == "known"
        finally:
            world.nats.start()
        eventually(lambda: _check(_part(alone, "rapids") == "ok"))
        later = world.owners.write("posts", f"t3_{token_hex(4)}", post("later"))
        world.owners.await_applied("list", "posts", later.key)
        assert alone.visitor.json(f"/posts/{later.key}")["title"] == "later"

    def test_invalid_event_is_dead_lettered_and_others_are_handled(
        self, world: World, alone: SingleService
    ) -> None:
        world.owners.write("members", "odd", {"expires": "no time at all", "revision": 1})
        del world.owners.documents["members"]["odd"]  # so that snapshots of other tests do not contain it
        world.owners.write("members", "even", {"expires": "2100-01-01T00:00:00Z", "revision": 1})
        world.owners.await_applied("list", "members", "even", 1)

        def check() -> None:
            found = world.owners.query("list", "members", "odd")
            assert (found.revision, found.dead_lettered) == (None, True)

        eventually(check, TRIED_SECONDS)
        assert not world.owners.query("list", "members", "even").dead_lettered


class TestTracing:
    def test_request_continues_its_trace(self, world: World) -> None:
        with world.alone("list", {"OTEL_TRACES_EXPORTER": "console"}) as alone:
            expect(alone.visitor.get("/posts", headers={"traceparent": PARENT}), 200)

            def check() -> None:
                assert TRACE in alone.written()

            eventually(check)
            span = _spans(alone.log)[f"0x{TRACE}"]
            assert span["name"] == "GET /posts"
            assert span["parent_id"] == "0xb7ad6b7169203331"
            assert span["attributes"]["http.status_code"] == 200

    def test_malformed_message_is_logged_and_stops_nothing(self, world: World) -> None:
        with world.alone("list", {"OTEL_TRACES_EXPORTER": "smoke"}) as alone:
            expect(alone.visitor.get("/posts"), 200)
            found = [line for line in alone.written().splitlines() if "OTEL_TRACES_EXPORTER" in line]
            assert len(found) == 1
            assert "smoke" in found[0]


class TestLeaving:
    def test_a_second_signal_changes_nothing(self) -> None:
        script = f"""
import signal, sys, time
from {leave_before_draining.__module__} import leave_before_draining
told = []
signal.signal(signal.SIGTERM, lambda *_: (told.append("drain"), print(*told, flush=True), sys.exit(0)))
def leave():
    told.append("leave")
    time.sleep(0.3)
    raise RuntimeError("nobody listens")
leave_before_draining(leave)
print("ready", flush=True)
while True:
    time.sleep(0.01)
"""
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.terminate()
        assert process.wait(LEAVE_SECONDS) == 0
        assert process.stdout.read().splitlines()[-1] == "leave drain"


def _announced(alone: SingleService) -> list[object]:
    return [each for each in alone.owners.announced if each.instance == alone.instance]


def _part(alone: SingleService, part: str) -> str:
    found: str = alone.visitor.json("/health/ready")["parts"][part]
    return found


def _check(holds: bool) -> None:
    assert holds


def _spans(log: Path) -> dict[str, dict]:
    """Return the spans that a process has written to its log, by their traces."""
    text, found, start = log.read_text(), {}, 0
    decoder = json.JSONDecoder()
    while (start := text.find('{\n    "name"', start)) >= 0:
        span, end = decoder.raw_decode(text[start:])
        found[span["context"]["trace_id"]] = span
        start += end
    return found
