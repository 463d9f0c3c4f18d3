"""`make learn`, `make check` and `make reset`, in a copy of the checkout, as their copies lie in it."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.eventually import PATIENCE, eventually, pauses
from tests.support.make import command, copy_of_the_checkout, environment, make, own_ports

pytestmark = pytest.mark.chapter

SOLVED = "step0_monolith/mongo/posts.py"
"""The file of the first exercise; the step's own is its solution."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, for the tests in their order."""
    if not shutil.which("git"):
        pytest.skip("git is not installed, so nobody knows what belongs to the checkout")
    return copy_of_the_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def own() -> dict[str, str]:
    """Ports of the test's own."""
    return own_ports()


def workshop(arguments: list[str], checkout: Path, code: int = 0) -> str:
    """Return what the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "workshop", *arguments],
        cwd=checkout,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def solve(checkout: Path) -> None:
    shutil.copyfile(checkout / SOLVED, checkout / "work/0.1" / SOLVED)


def test_check_says_what_is_missing_and_where_a_hint_is(checkout: Path) -> None:
    found = make("check", "STEP=0", "EX=1", folder=checkout, code=2)
    assert "✘ A page of 50 posts takes no more queries than a page of 10" in found
    assert re.search(r"A page of 10 posts takes \d+ queries, and one of 50 takes \d+\.", found)
    assert "make check STEP=0 EX=1 HINT=1" in found
    assert (checkout / "work/0.1/step0_monolith/wsgi.py").is_file()
    assert not (checkout / "work/0.1/step0_monolith/exercises").exists()


def test_hints_come_one_at_a_time(checkout: Path) -> None:
    first = make("check", "STEP=0", "EX=1", "HINT=1", folder=checkout)
    second = workshop(["check", "--step", "0", "--exercise", "1", "--hint"], checkout)
    assert "Hint 1 of 3" in first
    assert "shown_page" not in first
    assert "Hint 2 of 3" in second


def test_solution_shows_what_changes(checkout: Path) -> None:
    found = make("check", "STEP=0", "EX=1", "SOLUTION=1", folder=checkout)
    assert workshop(["check", "--step", "0", "--exercise", "1", "--solution"], checkout) == found
    assert "+        return self._marks.shown_page(found, _name(reader))" in found


def test_unknown_exercises_are_told_with_those_there_are(checkout: Path) -> None:
    assert "Step 0 has no exercise 9. It has: 1, 2." in make(
        "check", "STEP=0", "EX=9", folder=checkout, code=2
    )
    assert "9 is no exercise" in make("learn", "ARGS=--from 9", folder=checkout, code=2)


def test_step_that_cannot_start_is_told_with_its_last_words(checkout: Path) -> None:
    broken = checkout / "work/0.1/step0_monolith/wsgi.py"
    before = broken.read_text()
    broken.write_text("import no_such_module\n")
    found = make("check", "STEP=0", "EX=1", folder=checkout, code=2)
    broken.write_text(before)
    assert "✘ The step starts." in found
    assert "No module named 'no_such_module'" in found


def test_learn_without_a_terminal_checks_up_to_the_first_that_is_not_solved(checkout: Path) -> None:
    solve(checkout)
    found = make("learn", folder=checkout, code=2)
    assert "Solved: 0.1." in found
    assert "✘ GET /authors/NAME responds with exactly that author's posts." in found
    listed = workshop(["learn", "--list"], checkout)
    assert "✔ 0.1  Find the bottleneck" in listed
    assert re.search(r"^ +0\.2  Add a view .*<- here$", listed, re.MULTILINE)


def test_reset_begins_anew_and_keeps_what_was_there(checkout: Path) -> None:
    workshop(["reset", "--step", "0", "--exercise", "1"], checkout)
    solve(checkout)
    found = make("reset", "STEP=0", "EX=1", folder=checkout)
    assert "what you had is in work/0.1.before-reset-2" in found
    anew = checkout / "work/0.1" / SOLVED
    for kept in ("0.1.before-reset", "0.1.before-reset-2"):
        assert "shown_page(" in (checkout / "work" / kept / "mongo/posts.py").read_text()
    assert "shown_page(" not in anew.read_text()
    assert "✔" not in workshop(["learn", "--list"], checkout)


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command("learn", folder=folder),
            env=environment(**env, TERM="xterm", COLUMNS="110"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def await_words(self, words: str, after: int = 0) -> int:
        """Wait until it has shown `words`; return where that ends."""
        waits = pauses()

        def seen() -> None:
            while select.select([self._ours], [], [], next(waits))[0]:
                try:
                    text = os.read(self._ours, 65536).decode(errors="replace")
                except OSError:  # it has ended
                    break
                self.shown += re.sub(r"\x1b\[[0-9;]*m", "", text)
            assert words in self.shown[after:], self.shown[-3000:]

        eventually(seen)
        return self.shown.index(words, after) + len(words)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)
        os.close(self._ours)


@pytest.fixture
def terminal(checkout: Path, own: dict[str, str]) -> Iterator[Terminal]:
    opened = Terminal(checkout, own)
    yield opened
    opened.close()


def test_learn_on_a_terminal_checks_when_files_change(checkout: Path, terminal: Terminal) -> None:
    terminal.await_words("Find the bottleneck with a profiler")
    here = terminal.await_words("Something is done once for each post.")
    terminal.press("h")
    here = terminal.await_words("Hint 1 of 3", here)
    terminal.press("s")
    here = terminal.await_words("One solution of 0.1", here)
    solve(checkout)
    here = terminal.await_words("Solved: 0.1.", here)
    terminal.press("r")
    here = terminal.await_words("what you had is in", here)
    terminal.await_words("Something is done once for each post.", here)
    terminal.press("n")
    here = terminal.await_words("Add a view", here)
    terminal.press("q")
    terminal.await_words("`make learn` goes on from here", here)
    assert terminal.process.wait(PATIENCE) == 0
