"""`hang` and `watch` on a real step 0 and its mail catcher."""

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
import requests

from tests.support.eventually import PATIENCE
from tests.support.make import environment
from tests.support.running_step import QUIET, RunningStep
from tests.support.workshop_command import COMMAND_SECONDS, ROOT
from workshop.experiment.searches import Search
from workshop.experiment.summary import summarise
from workshop.ports import free_port
from workshop.run.lock import run_lock
from workshop.steps import read_step

WORDS = r"searches: half within [\d,]+ ms, the slowest [\d,]+ ms, 0 without a response"
UNDO = "Undo: ./stones hang mail undo"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStep]:
    """Step 0 with generated posts."""
    step = RunningStep(0, tmp_path_factory.mktemp("experiment"), QUIET)
    step.workshop_load("--generate", "60")
    with step:
        yield step


def workshop(*arguments: str, env: Mapping[str, str], code: int = 0) -> str:
    """Call a command, and return its output. Raises AssertionError unless it ends with `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "workshop", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    assert "Traceback" not in output
    return output


def hang_of(running: RunningStep) -> float:
    found = requests.get(f"{running.mail_url}/api/hang", timeout=PATIENCE).json()
    return float(found["seconds"])


def test_mail_hangs_until_undo(running: RunningStep) -> None:
    for text, seconds, words in (("2s", 2, "2 s"), ("500ms", 0.5, "500 ms"), ("1.5m", 90, "90 s")):
        said = workshop("hang", "mail", text, env=running.environment)
        assert said == f"Mail takes {words} from now on. {UNDO}\n"
        assert hang_of(running) == seconds
    assert workshop("hang", "mail", "undo", env=running.environment) == "Mail is quick again.\n"
    assert hang_of(running) == 0


@pytest.mark.parametrize("text", ["2", "s", "two", "-1s", "0s", "2h", "2 s", "1e3s", "nans"])
def test_what_is_no_time_is_refused(text: str) -> None:
    refused = workshop("hang", "--", "mail", text, env=environment(), code=1)
    assert refused == f"Error: {text} is not a time: give 500ms, 2s or 1m, for example, or undo.\n"


def test_a_time_over_ten_minutes_is_refused() -> None:
    assert "10m at most" in workshop("hang", "mail", "601s", env=environment(), code=1)


def test_without_a_catcher_the_reason_is_said(tmp_path: Path) -> None:
    own = environment(WORKSHOP_STATE=str(tmp_path), STEP0_PORT=str(free_port()))
    assert "It starts with a step: `make run`" in workshop("hang", "mail", "2s", env=own, code=1)
    theirs = {**own, "SMTP_HOST": "127.0.0.1"}
    assert "SMTP_HOST names a mail server" in workshop("hang", "mail", "2s", env=theirs, code=1)


def test_a_run_with_another_mail_server_is_named(tmp_path: Path) -> None:
    settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port())}
    with RunningStep(0, tmp_path, settings) as step:
        here = {name: value for name, value in step.environment.items() if name not in settings}
        assert "was started with SMTP_HOST" in workshop("hang", "mail", "2s", env=here, code=1)


def test_a_run_in_containers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    with run_lock(read_step(0), in_containers=True):
        refused = workshop("hang", "mail", "2s", env=environment(WORKSHOP_STATE=str(tmp_path)), code=1)
    assert "Mailpit, which catches mail there, cannot hang" in refused


def test_searches_are_counted_each_second_and_summed_up(running: RunningStep) -> None:
    said = workshop(
        *("watch", "search", "--step", "0", "--sharing", "2", "--seconds", "2"), env=running.environment
    )
    first, header, *lines, shares, last = said.splitlines()
    assert first.startswith("2 readers share posts, and one searches 5 times a second")
    assert header.split() == ["time", "searches", "responses", "slowest"]
    assert all(re.fullmatch(r" +\d+ s +\d+ +\d+ +[\d,]+ ms", each) for each in lines)
    assert re.fullmatch(r"\d+ shares, all mailed", shares)
    assert re.fullmatch(f"10 {WORDS}", last)


def test_watching_prints_json(running: RunningStep) -> None:
    said = workshop(
        *("watch", "search", "--sharing", "0", "--seconds", "2", "--json"), env=running.environment
    )
    *lines, last = (json.loads(each) for each in said.splitlines())
    assert all(each.keys() == {"seconds", "searches", "responses", "slowest_ms"} for each in lines)
    assert (last["searches"], last["without_response"], last["shares"]) == (10, 0, 0)
    assert last["half_within_ms"] <= last["slowest_ms"]


def test_watching_goes_on_until_ctrl_c(running: RunningStep) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "workshop", "watch", "search", "--sharing", "1"],
        cwd=ROOT,
        env=running.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[:2] == ["2", "s"]:
                process.send_signal(signal.SIGINT)
                break
        rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, rest
    assert re.fullmatch(rf"\d+ {WORDS}", rest.splitlines()[-1])


def test_a_step_that_does_not_run_is_named(running: RunningStep) -> None:
    refused = workshop("watch", "search", "--step", "1", env=running.environment, code=1)
    assert "Step 1 does not run: start it with `make run STEP=1`" in refused


def search(seconds: float, status: int | None = 200) -> Search:
    return Search(0.0, seconds, status)


@pytest.mark.parametrize(
    ("searches", "words"),
    [
        ([search(0.009), search(0.009), search(0.014)], "3 searches: half within 9 ms, the slowest 14 ms, 0"),
        ([search(0.009), search(2.5)], "2 searches: half within 9 ms, the slowest 2,500 ms, 0"),
        ([search(0.5), search(15, None), search(15, None)], "got a response, the slowest after 500 ms, 2"),
        ([search(0.5), search(0.001, 503)], "half within 500 ms, the slowest 500 ms, 1 with status 503, 0"),
        ([search(15, None)], "1 searches: none got a response, 1"),
        ([], "0 searches: none got a response, 0"),
    ],
)
def test_summaries_say_what_came_of_all_searches(searches: list[Search], words: str) -> None:
    assert f"{words} without a response" in summarise(searches, Counter()).in_words()


def test_summaries_say_which_shares_failed() -> None:
    shares = Counter[int | str]({201: 32, 503: 11, "ReadTimeout": 1})
    first, _ = summarise([search(0.01)], shares).in_words().splitlines()
    assert first == "44 shares: 32 mailed, 11 failed with 503, 1 failed with ReadTimeout"


def test_summaries_with_errors_can_be_printed_as_json() -> None:
    summary = summarise([search(0.01), search(0.01, 503), search(0.01, 503)], Counter({503: 1}))
    found = json.loads(json.dumps(asdict(summary)))
    assert (found["errors"], found["failed_shares"]) == ({"503": 2}, {"503": 1})
