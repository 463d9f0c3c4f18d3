"""`workshop bench`: what it prints, how it ends, and that it measures what it claims."""

import os
import pty
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from tests.support.bench import PROMISES, figures
from tests.support.eventually import eventually
from tests.support.make import make
from workshop.bench import catalogue
from workshop.bench.effort import FULL, QUICK
from workshop.bench.measurements import load as bench
from workshop.bench.measurements.reads import CONTENDERS
from workshop.load.generate import GeneratedSource
from workshop.testbed.process import NotMeasured

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 150.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COUNT = 2000
MANY = "1000000"
"""So many posts that loading them lasts longer than any test."""


@pytest.fixture
def address(mongo_client: MongoClient[dict[str, Any]], database: Any) -> Iterator[str]:
    password = uuid.uuid4().hex
    database.command("createUser", "bench", pwd=password, roles=["readWrite"])
    host, port = mongo_client.address or ("", 0)
    yield f"mongodb://bench:{password}@{host}:{port}/{database.name}?directConnection=true"
    database.command("dropUser", "bench")


@pytest.mark.bench
def test_figures_come_from_one_run_and_no_collection_is_left(address: str, database: Any) -> None:
    numbers = bench.load_ratio(address, COUNT, rounds=1)
    for setting in ("plain", "text_index"):
        bare, loader = numbers[f"{setting}_bare_docs_s"], numbers[f"{setting}_loader_docs_s"]
        assert min(bare, loader) > 10
        assert numbers[f"{setting}_ratio"] == pytest.approx(loader / bare)
    assert 10 < numbers["loader_peak_rss_mb"] < 200
    assert not [name for name in database.list_collection_names() if name.startswith("posts_")]


def test_a_loader_that_loses_posts_is_not_measured(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "GeneratedSource", lambda count: GeneratedSource(count - 1))
    with pytest.raises(NotMeasured, match="The loader wrote 99 of 100 posts"):
        bench.load_ratio(address, 100)


class Bench:
    """The command, with a terminal for its progress."""

    def __init__(self, *arguments: str) -> None:
        self.terminal, theirs = pty.openpty()
        # A process started in the background or by nohup ignores them, and so would all it starts.
        before = {each: signal.signal(each, signal.SIG_DFL) for each in SIGNALS}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workshop", "bench", *arguments],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(theirs)
        self.shown = ""

    def show(self) -> str:
        """Read what the terminal shows, and return all of it so far."""
        try:
            self.shown += os.read(self.terminal, 4096).decode()
        except OSError:  # it has ended, and closed the terminal
            assert self.process.wait(SECONDS) is not None
        return self.shown

    def end(self) -> str:
        """Wait for its end, and return what it printed."""
        while self.process.poll() is None or len(self.shown) < len(self.show()):
            pass
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextmanager
def benched(*arguments: str) -> Iterator[Bench]:
    made = Bench(*arguments)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        os.close(made.terminal)


@pytest.mark.bench
def test_progress_goes_to_the_terminal_and_figures_to_the_pipe() -> None:
    with benched("--quick", "--only", "load") as quick:
        printed = quick.end()
        assert quick.process.returncode == 0, quick.shown
    assert "load, 1 of 1" in quick.shown
    assert " of about " in quick.shown
    assert list(figures(printed, ["load"])) == ["Loading, posts a second"]


@pytest.mark.bench
def test_eve_is_measured_beside_servers_written_by_hand() -> None:
    printed = make("bench", "ARGS=--quick --only read --count 1200")
    (title, rows), (promises, promised) = figures(printed, ["read"]).items()
    assert title == "Reading: CPU time of the server's process, and responses over one connection"
    assert "pages of 25 found posts of 1,200" in printed
    assert [row[0] for row in rows[1:]] == [each.name for each in CONTENDERS]
    assert rows[1][2] == "1.00"
    assert promises == PROMISES
    assert len(promised) == 3
    assert {row[3] for row in promised[1:]} <= {"held", "short"}


@pytest.mark.bench
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows PSS")
def test_memory_of_each_step_is_shown_by_program() -> None:
    tables = figures(make("bench", "ARGS=--quick --only memory"), ["memory"])
    assert tables.pop(PROMISES)
    assert [*tables] == [f"Memory (PSS) of step {step} with the bundled posts" for step in range(4)]
    for step, rows in enumerate(tables.values()):
        names = [name for name, *_ in rows[1:]]
        assert {"mongod", "workshop", "workshop.mailbox", "all"} <= set(names)
        assert any(name.startswith(f"step{step}_") for name in names)
        assert int(rows[-1][1]) == sum(int(row[1]) for row in rows[1:-1])
        assert int(rows[-1][2].replace(",", "")) > 100


@pytest.mark.parametrize("number", SIGNALS)
def test_ctrl_c_ends_all_processes(number: int, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with benched("--only", "load", "--count", MANY) as quick:
        process = psutil.Process(quick.process.pid)

        def has_started() -> list[psutil.Process]:
            assert list(tmp_path.glob("stones-bench-*/mongo-*"))
            children = process.children(recursive=True)
            assert children
            return children

        started = eventually(has_started, SECONDS)
        process.send_signal(number)
        process.send_signal(number)  # an impatient user sends it twice
        quick.end()
        assert quick.process.returncode == 128 + number
    assert "Traceback" not in quick.shown
    assert "Stopped; nothing is left running." in quick.shown
    assert not [each for each in started if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--only", "nosuch"), "'nosuch' is not one of 'load', 'read', 'memory', 'sync'"),
        (("--count", "0"), "0 is not in the range 1000<=x<=1000000"),
        (("--count", "-5"), "-5 is not in the range 1000<=x<=1000000"),
        (("--count", "many"), "'many' is not a valid integer"),
        (("load",), "unexpected extra argument (load)"),
    ],
)
def test_missing_requirements_are_reported_before_measuring(arguments: tuple[str, ...], found: str) -> None:
    with benched(*arguments) as refused:
        assert refused.end() == ""
        assert refused.process.returncode == 2
    assert found in " ".join(refused.shown.split())
    assert "Traceback" not in refused.shown


def test_announced_duration_grows_with_the_measurements() -> None:
    names = [*catalogue.MEASUREMENTS]
    assert catalogue.total_duration(names, QUICK) < 180 < catalogue.total_duration(names, FULL)
    for name in names:
        each: Callable[..., float] = catalogue.MEASUREMENTS[name].duration
        assert 0 < each(QUICK) <= each(FULL)
    alone = [catalogue.total_duration([name], FULL) for name in ("events", "rebuild")]
    # Step 3 is started once for both.
    assert catalogue.total_duration(["events", "rebuild"], FULL) == sum(alone) - catalogue.STEP3_START_SECONDS
