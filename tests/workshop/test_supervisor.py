"""Processes that end by themselves: how long the run waits before a restart, and when it gives up."""

import sys
import threading

import pytest

from tests.support.eventually import eventually
from workshop.processes import backoff
from workshop.processes.backoff import AFTER_KILL_SECONDS, LONGEST_SECONDS, STABLE_SECONDS, Backoff
from workshop.processes.supervisor import MAX_FAILURES, Supervisor

FAILS = [sys.executable, "-S", "-c", "import sys; print('no such host: nowhere'); sys.exit(3)"]
IS_KILLED = ["sh", "-c", "kill -9 $$"]
SECONDS = 60.0


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """A supervisor whose waits are short."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    return Supervisor()


def starts(printed: str) -> int:
    return printed.count("started (pid=")


def stop_after(supervisor: Supervisor, count: int, capsys: pytest.CaptureFixture[str]) -> str:
    """Run it until a process has been started `count` times, and return the output."""
    printed: list[str] = []

    def watch() -> None:
        def check() -> None:
            printed.append(capsys.readouterr().out)
            assert starts("".join(printed)) >= count

        eventually(check, SECONDS)
        supervisor.stop("enough")

    watching = threading.Thread(target=watch)
    watching.start()
    assert supervisor.run() == "enough"
    watching.join()
    return "".join(printed)


def test_waits_grow_until_the_process_lives_long_enough() -> None:
    waits = Backoff()
    seconds = [waits.next_wait(0.0) for _ in range(20)]
    assert seconds[:3] == [0.2, 0.4, 0.8]
    assert seconds == sorted(seconds)
    assert seconds[-1] == LONGEST_SECONDS
    assert waits.next_wait(0.0, AFTER_KILL_SECONDS) == AFTER_KILL_SECONDS
    assert waits.next_wait(STABLE_SECONDS) == 0.2


def test_process_that_cannot_start_ends_the_run_with_the_reason(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.add("web", FAILS, {}, restart=True)
    supervisor.add("other", ["sleep", "600"], {"PATH": "/usr/bin:/bin"}, restart=True)
    reason = supervisor.run()
    assert reason is not None
    assert reason.startswith("web cannot start: ")
    assert "no such host: nowhere" in reason
    assert "\n" not in reason
    assert starts(capsys.readouterr().out) == MAX_FAILURES + 1


def test_run_continues_after_the_step_was_ready_and_reports_it(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.mark_ready()
    supervisor.add("web", FAILS, {}, restart=True)
    printed = stop_after(supervisor, MAX_FAILURES + 2, capsys)
    output = [line for line in printed.splitlines() if f"{MAX_FAILURES} times in a row" in line]
    assert len(output) == 1
    assert "no such host: nowhere" in output[0]


def test_killed_process_is_always_started_again(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.add("web", IS_KILLED, {}, restart=True)
    stop_after(supervisor, MAX_FAILURES + 2, capsys)
