"""`workshop run` as a user sees it: ready, stopped, broken."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests

from tests.support import foreign_variables
from tests.support.eventually import eventually, holds
from workshop.ports import free_port
from workshop.processes.exits import await_exit

ROOT = Path(__file__).resolve().parents[2]
PORTS = ("MONGO_PORT", "STEP0_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT")


class Run:
    """One run with ports and a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.ports = {name: free_port() for name in PORTS}
        self.env = {**os.environ, **foreign_variables.SHELL, "WORKSHOP_STATE": str(folder)}
        self.env |= {name: str(port) for name, port in self.ports.items()}
        self.output = folder.parent / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        *before: str,
        program: tuple[str, ...] = ("-m", "workshop"),
        options: Sequence[str] = (),
    ) -> "Run":
        """Start it, with a command such as nohup before it."""
        command = [*before, sys.executable, *program, "run", "--step", "0", *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)
        return self

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call another command of the same state folder."""
        command = [sys.executable, "-m", "workshop", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60, check=False
        )

    def left(self) -> list[list[str]]:
        """Return the command lines of all processes that this run or an earlier one has left."""
        state, page = self.env["WORKSHOP_STATE"], str(self.ports["MAIL_HTTP_PORT"])
        return [each.cmdline() for each in psutil.process_iter() if is_reported(each, state, page)]

    def until(self, text: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while text not in self.printed():
            assert time.monotonic() < deadline, self.printed()
            assert self.process is not None
            assert self.process.poll() is None or text in self.printed(), self.printed()
            time.sleep(0.05)
        return self.printed()

    def printed(self) -> str:
        return self.output.read_text(errors="replace")

    def processes(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path / foreign_variables.ODD_NAME)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end()
    command = [sys.executable, "-m", "workshop", "clean"]
    subprocess.run(command, cwd=ROOT, env=made.env, check=True, timeout=60, capture_output=True)


def is_reported(process: psutil.Process, state: str, mail_page: str) -> bool:
    """Return whether a living process has the state folder in its environment, or is the catcher of that
    page.
    """
    try:
        arguments = process.cmdline()
        texts = [*arguments, *process.environ().values()]
        is_ours = any(state in text for text in texts) or mail_page in arguments
        return is_ours and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def is_ok(url: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(url, timeout=30).ok
    return False


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_run_is_ready_with_posts_and_refuses_a_second_of_its_state(run: Run) -> None:
    printed = run.start("nohup").until("Ctrl-C stops it")
    url = f"http://127.0.0.1:{run.ports['STEP0_PORT']}"
    assert f"ready: {url}\n" in printed
    assert requests.get(url, timeout=30).json()["_meta"]["total"] == 2000
    assert run.process is not None
    run.process.send_signal(signal.SIGHUP)  # nohup ignores this signal
    second = run.call("run", "--step", "0")
    assert second.returncode == 1
    assert re.fullmatch(
        rf"Error: Step 0 runs here already, since \d\d:\d\d:\d\d \(process {run.process.pid}\): {url}\. .*",
        second.stderr.strip(),
    )
    found = json.loads(run.call("doctor", "--json").stdout)["findings"]
    states = {each["name"].partition(" (")[2]: each["found"] for each in found if "port" in each["name"]}
    for name in ("step 0)", "MongoDB)", "SMTP)", "mail page)"):
        assert states[name].startswith("used by the workshop itself"), (name, states)
    assert run.end() == 0
    assert run.left() == []
    assert "Traceback" not in run.printed()


@pytest.mark.drill
def test_a_second_start_at_other_addresses_finds_the_same_posts(run: Run) -> None:
    seen = []
    other = ("[::1]", "[::1]") if has_ipv6() else ("", "127.0.0.1")
    for number, (host, shown) in ((signal.SIGTERM, ("0.0.0.0", "127.0.0.1")), (signal.SIGHUP, other)):
        run.env |= dict.fromkeys(("STEP0_HOST", "MONGO_HOST", "MAIL_HOST"), host)
        printed = run.start().until("Ctrl-C stops it")
        url = f"http://{shown}:{run.ports['STEP0_PORT']}"
        assert f"ready: {url}\n" in printed
        assert f"caught mail: http://{shown}:{run.ports['MAIL_HTTP_PORT']}/\n" in printed
        seen.append(requests.get(f"{url}/?max_results=50", timeout=30).json())
        assert "http_requests_total" in requests.get(f"{url}/metrics", timeout=30).text
        assert run.end(number) == 0
        assert run.left() == []
        assert not [port for port in run.ports.values() if is_listening(port)]
        assert "Traceback" not in run.printed()
    assert seen[0] == seen[1]


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.drill
@pytest.mark.parametrize(
    ("place", "number", "least"),
    [
        ("server.py:_start", "SIGINT", 20),
        ("mongod.py:initialise", "SIGTERM", 20),
        ("bundled.py:load_bundled", "SIGINT", 1),
        ("command.py:_prepare", "SIGHUP", 20),
        ("child.py:start", "SIGINT", 20),
    ],
)
def test_signal_at_any_place_leaves_no_process(run: Run, place: str, number: str, least: int) -> None:
    run.start(program=("-m", "tests.workshop.signalled_run", place, number))
    assert run.process is not None
    assert run.process.wait(60) == 0, run.printed()
    output = re.search(r"^signals: (\d+)$", run.printed(), re.MULTILINE)
    assert output is not None
    assert int(output[1]) >= least  # the number of signals
    assert "Stopped." in run.printed()
    assert "Traceback" not in run.printed()
    assert "Exception ignored" not in run.printed()
    assert run.left() == []
    assert not list(Path(run.env["WORKSHOP_STATE"]).glob("*.pid.json"))


def test_closed_pipe_ends_the_run(run: Run) -> None:
    command = [sys.executable, "-m", "workshop", "run", "--step", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=run.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().strip().endswith(")")  # web started (pid=…), and more lines follow
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0
    assert run.left() == []


@pytest.mark.drill
@pytest.mark.parametrize(
    ("part", "reason"), [("gunicorn", "web was killed by SIGKILL"), ("mongod", "mongod has died")]
)
def test_end_of_one_part_stops_everything_and_is_reported(run: Run, part: str, reason: str) -> None:
    run.start().until("ready:")
    processes = run.processes()
    victim = next(each for each in processes if part in " ".join(each.cmdline()))
    victim.kill()
    assert run.process is not None
    assert run.process.wait(60) == 1
    assert reason in run.printed()
    assert not [process for process in processes if process.is_running() and process.status() != "zombie"]


@pytest.mark.drill
def test_with_restart_whatever_ends_is_started_again(run: Run) -> None:
    run.start(options=["--restart"]).until("ready:")
    health = f"http://127.0.0.1:{run.ports['STEP0_PORT']}/health/ready"
    for part, again in (("gunicorn", "web is started again"), ("mongod", "mongod is up again")):
        next(each for each in run.processes() if part in " ".join(each.cmdline())).kill()
        run.until(again)
        eventually(holds(lambda: is_ok(health)))
    assert run.end() == 0
    assert run.left() == []


@pytest.mark.drill
def test_nothing_of_the_step_outlives_a_killed_run(run: Run) -> None:
    run.start().until("ready:")
    servers = [each for each in run.processes() if "gunicorn" in " ".join(each.cmdline())]
    assert servers
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    assert not await_exit(servers, 20)
    assert not is_listening(run.ports["STEP0_PORT"])
    # What remains are the shared parts, and the next run takes them over.
    run.start().until("ready:")


def test_taken_port_is_reported_with_owner_and_variable(run: Run) -> None:
    with socket.create_server(("127.0.0.1", run.ports["STEP0_PORT"])):
        run.start()
        assert run.process is not None
        assert run.process.wait(60) == 1
    printed = run.printed()
    assert str(run.ports["STEP0_PORT"]) in printed
    assert "STEP0_PORT" in printed
    assert str(os.getpid()) in printed
    assert "Traceback" not in printed
