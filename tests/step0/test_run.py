"""`workshop run` as a user meets it: ready, stopped, broken."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from workshop.ports import free_port
from workshop.processes.life import await_end

ROOT = Path(__file__).resolve().parents[2]
PORTS = ("MONGO_PORT", "STEP0_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT")


class Run:
    """One run with ports and a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.ports = {name: free_port() for name in PORTS}
        self.env = {**os.environ, "WORKSHOP_STATE": str(folder)} | {k: str(v) for k, v in self.ports.items()}
        self.output = folder.parent / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Run":
        command = [sys.executable, "-m", "workshop", "run", "--step", "0"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)
        return self

    def until(self, text: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert time.monotonic() < deadline, self.said()
            assert self.process is not None
            assert self.process.poll() is None or text in self.said(), self.said()
            time.sleep(0.05)
        return self.said()

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path / "state")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end()
    command = [sys.executable, "-m", "workshop", "clean"]
    subprocess.run(command, cwd=ROOT, env=made.env, check=True, timeout=60, capture_output=True)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ready_with_posts_then_all_is_stopped(run: Run, number: int) -> None:
    said = run.start().until("ready:")
    url = f"http://127.0.0.1:{run.ports['STEP0_PORT']}"
    assert url in said
    assert requests.get(url, timeout=10).json()["_meta"]["total"] == 2000
    family = run.family()
    assert len(family) >= 4
    assert run.end(number) == 0
    assert not [process for process in family if process.is_running() and process.status() != "zombie"]
    assert not [port for port in run.ports.values() if answers(port)]
    assert "Traceback" not in run.said()


def test_the_second_start_finds_the_same_posts(run: Run) -> None:
    url = f"http://127.0.0.1:{run.ports['STEP0_PORT']}/?max_results=50"
    seen = []
    for _ in range(2):
        run.start().until("ready:")
        seen.append(requests.get(url, timeout=10).json())
        run.end()
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("part", "reason"), [("gunicorn", "web was killed by SIGKILL"), ("mongod", "mongod has died")]
)
def test_the_death_of_one_part_stops_everything_and_is_told(run: Run, part: str, reason: str) -> None:
    run.start().until("ready:")
    family = run.family()
    victim = next(each for each in family if part in " ".join(each.cmdline()))
    victim.kill()
    assert run.process is not None
    assert run.process.wait(60) == 1
    assert reason in run.said()
    assert not [process for process in family if process.is_running() and process.status() != "zombie"]


def test_nothing_of_the_step_outlives_a_killed_run(run: Run) -> None:
    run.start().until("ready:")
    servers = [each for each in run.family() if "gunicorn" in " ".join(each.cmdline())]
    assert servers
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    assert not await_end(servers, 20)
    assert not answers(run.ports["STEP0_PORT"])
    # What remains are the shared parts, and the next run takes them over.
    run.start().until("ready:")


def test_a_taken_port_is_told_with_owner_and_variable(run: Run) -> None:
    with socket.create_server(("127.0.0.1", run.ports["STEP0_PORT"])):
        run.start()
        assert run.process is not None
        assert run.process.wait(60) == 1
    said = run.said()
    assert str(run.ports["STEP0_PORT"]) in said
    assert "STEP0_PORT" in said
    assert str(os.getpid()) in said
    assert "Traceback" not in said
