"""All steps side by side with default settings, started and stopped in any order."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.browser import Browser
from tests.support.client import Client, new_reader
from tests.support.eventually import eventually
from tests.support.mailbox import Mailbox
from tests.support.make import own_ports
from tests.support.own_network import own_network
from tests.support.responses import expect
from tests.support.workshop_command import ROOT, Command, call
from workshop.default_ports import default_ports

pytestmark = [pytest.mark.drill, pytest.mark.only_step(3)]

STEPS_AS_THEY_STOP = (2, 0, 1, 3)
SHARED = ("mongod", "workshop.mailbox", "nats-server")
BACK_SECONDS = 60.0
READY_SECONDS = 400.0
"""Four times as long as for one step."""

MANY = 2000
"""Posts that each run loads into a store that is empty."""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with a state folder; also with free ports if the tests have no network of their own."""
    with own_network() as is_ours:
        ports = {} if is_ours else own_ports()
        folder = tmp_path_factory.mktemp("beside") / "state"
        yield {**os.environ, **ports, "WORKSHOP_STATE": str(folder)}


def port_of(variable: str, environment: dict[str, str]) -> int:
    return int(environment.get(variable, default_ports()[variable]))


def check_face(url: str, mail_url: str) -> None:
    """Use each verb once."""
    visitor, reader = Client(url), new_reader(url)
    assert visitor.json("/")["_meta"]["total"] == MANY
    post = visitor.items("/recommended")[0]["_id"]
    title = visitor.json(f"/posts/{post}")["title"]
    assert post in {each["_id"] for each in visitor.all_items("/search", q=f'"{title}"')}
    expect(reader.put(f"/posts/{post}/tags/beside"), 200)
    assert [each["_id"] for each in reader.items("/tags/beside")] == [post]
    assert expect(reader.put(f"/posts/{post}/like"), 200).json()["liked"] is True
    expect(reader.put(f"/posts/{post}/hide"), 200)
    assert post not in {each["_id"] for each in reader.items("/recommended")}
    address = f"{reader.username}@example.org"
    expect(reader.post(f"/posts/{post}/share", json={"to": address, "note": ""}), 201)
    assert title in Mailbox(mail_url).only_one_to(address)["Subject"]


def test_all_steps_run_side_by_side(environment: dict[str, str]) -> None:
    runs = {number: Command(["run", "--step", str(number)], environment) for number in range(4)}
    mail_url = f"http://127.0.0.1:{port_of('MAIL_HTTP_PORT', environment)}"
    with ExitStack() as stack:
        with ThreadPoolExecutor(len(runs)) as pool:
            for run in runs.values():
                stack.callback(run.stop, still_used=SHARED)
            list(pool.map(lambda run: run.start(READY_SECONDS), runs.values()))
        for number, run in runs.items():
            assert run.ready == f"http://127.0.0.1:{port_of(f'STEP{number}_PORT', environment)}"
            assert f"caught mail: {mail_url}" in run.output
            check_face(run.ready, mail_url)
        check_sessions([run.ready for run in runs.values()])
        check_commands(environment)
        left = dict(runs)
        for number in STEPS_AS_THEY_STOP:
            left.pop(number).stop(still_used=SHARED if left else ())
            for other in left.values():
                is_whole(other)
            if list(left) == [3]:
                kill_mongod(environment)  # a run that is left starts it again, whichever run started it
                eventually(lambda: is_whole(left[3]), BACK_SECONDS)
            if number == STEPS_AS_THEY_STOP[0]:
                with pytest.raises(AssertionError, match="Step 3 runs: add `--step 3` for that one"):
                    call(["scale", "search=2"], environment)
    assert not list(Path(environment["WORKSHOP_STATE"]).glob("*.pid.json"))


def check_sessions(urls: list[str]) -> None:
    """Check that one browser can be signed in at all steps, although cookies ignore ports."""
    browsers = [Browser(url) for url in urls]
    for browser in browsers:
        browser.session.cookies = browsers[0].session.cookies
        browser.sign_up()
    for browser in browsers:
        assert browser.username in browser.page("/me").get_text()


def is_whole(face: Command) -> None:
    assert face.running, face.output
    try:
        expect(Client(face.ready).get("/health/ready"), 200)
        assert Client(face.ready).json("/")["_meta"]["total"] == MANY
    except requests.RequestException as error:
        raise AssertionError(f"{face}: {error}") from error


def kill_mongod(environment: dict[str, str]) -> None:
    pid = json.loads((Path(environment["WORKSHOP_STATE"]) / "mongod.pid.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)


def check_commands(environment: dict[str, str]) -> None:
    """Check what the commands print."""
    ports = {port_of(variable, environment) for variable in default_ports()}
    doctor = [sys.executable, "-m", "workshop", "doctor", "--json"]
    done = subprocess.run(doctor, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False)
    found = json.loads(done.stdout)["findings"]  # memory may be short while all run
    held = [each["found"] for each in found if any(f"port {port} (" in each["name"] for port in ports)]
    assert held
    assert [each for each in held if not each.startswith("used by the workshop itself")] == []
    for step in ("2", "3"):
        table = call(["services", "--step", step], environment)
        instances = [line for line in table.splitlines() if "http://" in line]
        assert len(instances) >= 11
        assert max(map(len, table.splitlines())) <= 80
