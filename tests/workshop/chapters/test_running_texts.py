"""Texts are run as their readers would: in terminals that stay, and compared with what they say."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.chapters.checkout import SHOWN
from tests.chapters.text_run import BlockFailed
from tests.support.eventually import eventually, holds
from tests.support.make import ROOT, environment
from tests.workshop.chapters.follow import console, follow
from workshop.default_ports import default_ports
from workshop.processes.exits import is_running

GREET = "while :; do echo hello; sleep 0.05; done"
SLEEP = "sleep 3817"
KILLED = """
import os, sys, time
from pathlib import Path
from tests.chapters.terminal import Terminal
folder = Path(sys.argv[1])
terminal = Terminal(folder, os.environ)
terminal.run(sys.argv[2])
while not (folder / "pid").exists() or not (folder / "pid").read_text():
    time.sleep(0.05)
os._exit(0)
"""
ABC = "$ printf 'a\\nb\\nc\\n'"


def test_output_that_is_as_the_text_says_passes(tmp_path: Path) -> None:
    follow(tmp_path, console("$ echo one; echo two >&2", "one", "two", "$ true", "$ echo", "$ echo 3", "3"))


def test_other_output_fails_and_shows_both(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed) as failed:
        follow(tmp_path, "# Title\n\n" + console(ABC, "a", "x", "c"))
    assert "text.md:4, terminal 1: printf" in str(failed.value)
    assert "\n  a\n- x\n+ b\n  c\n" in str(failed.value)
    assert "make test-chapters FIX=1" in str(failed.value)


@pytest.mark.parametrize("lines", [("…", "c"), ("a", "…"), ("a", "…", "c"), ("…",), ("a", "b", "…", "c")])
def test_an_ellipsis_stands_for_any_number_of_lines(tmp_path: Path, lines: tuple[str, ...]) -> None:
    follow(tmp_path, console(ABC, *lines))


@pytest.mark.parametrize("lines", [("…", "b"), ("b", "…"), ("a", "…", "c", "d")])
def test_an_ellipsis_does_not_stand_for_lines_beyond_its_neighbours(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with pytest.raises(BlockFailed):
        follow(tmp_path, console(ABC, *lines))


def test_what_varies_may_differ_where_the_block_says_so(tmp_path: Path) -> None:
    told = console("$ echo 'search      12 instances, 13:59:32 +'", "search 7 instances, 01:02:03 +")
    follow(tmp_path, f"<!-- run: varies='time number' -->\n{told}")


def test_what_varies_differs_in_nothing_else(tmp_path: Path) -> None:
    told = console("$ echo 'search 12 instances, 13:59:32 +'", "search 7 instances, 01:02:03")
    with pytest.raises(BlockFailed):
        follow(tmp_path, f"<!-- run: varies='time number' -->\n{told}")


def test_folders_and_variables_last_from_one_block_to_the_next(tmp_path: Path) -> None:
    text = console("$ mkdir below && cd below", "$ POST=7", "$ export NAME=ada")
    text += console("$ echo $POST $NAME; pwd; sh -c 'echo $NAME'", "7 ada", f"{SHOWN}/below", "ada")
    follow(tmp_path, text + console("$ echo $POST.", ".", run="terminal=2"))


def test_a_command_may_have_several_lines(tmp_path: Path) -> None:
    follow(tmp_path, console("$ cat <<END", "> one", "> END", "one", "$ echo a \\", "> b", "a b"))


def test_a_script_runs_line_by_line_and_may_print_anything(tmp_path: Path) -> None:
    follow(tmp_path, "```sh\n# a comment\nA=1   # one\necho $A |\n  cat > found\n\ntest -s found\n```\n")


def test_a_script_ends_at_the_first_failure(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed, match="exit code 1 instead of 0"):
        follow(tmp_path, "```sh\nfalse\ntrue\n```\n")


def test_another_exit_code_than_the_text_says_fails(tmp_path: Path) -> None:
    follow(tmp_path, console("$ echo no; (exit 3)", "no", run="exit=3"))
    (tmp_path / "again").mkdir()
    with pytest.raises(BlockFailed, match="ended with exit code 3 instead of 0"):
        follow(tmp_path / "again", console("$ echo no; (exit 3)", "no"))


def test_a_command_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    text = console(f"$ sh -c \"trap 'echo bye; exit 0' INT; {GREET}\"", "hello", run="goes-on")
    text += console("$ echo meanwhile", "meanwhile", run="terminal=2")
    follow(tmp_path, text + console("^C", "…", "bye", "$ echo free", "free"))


@pytest.mark.parametrize("command", [SLEEP, GREET, "while :; do :; done"])
def test_interrupt_within_a_block(tmp_path: Path, command: str) -> None:
    follow(tmp_path, console(f"$ echo begun; {command}", "begun", "^C", "…", "$ echo free", "free"))


def test_what_goes_on_shows_what_another_terminal_does(tmp_path: Path) -> None:
    text = console("$ touch log; echo watching; tail -f log", "watching", run="goes-on")
    text += console("$ echo news >> log", run="terminal=2") + console("news")
    text += console("$ echo more >> log", run="terminal=2") + console("more", "^C")
    follow(tmp_path, text)


def test_command_that_should_go_on_and_ends_fails(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed, match="should go on, but ended with exit code 4"):
        follow(tmp_path, console("$ echo begun; (exit 4)", "begun", "ready", run="goes-on"))


def test_output_that_cannot_come_any_more_fails_at_once(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed, match="printed something else"):
        follow(tmp_path, console(f"$ {GREET}", "hallo", run="goes-on"), seconds=3600)


def test_output_that_does_not_come_fails(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed, match="did not appear within 1 s"):
        follow(tmp_path, console(f"$ echo begun; {SLEEP}", "begun", "ready", run="goes-on"), seconds=1)


def test_command_that_does_not_end_fails(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed, match="did not end within 1 s"):
        follow(tmp_path, console(f"$ {SLEEP}"), seconds=1)


def test_exit_of_the_shell_is_told(tmp_path: Path) -> None:
    with pytest.raises(BlockFailed, match="the shell of this terminal ended"):
        follow(tmp_path, console("$ exit"))


def test_failure_shows_what_other_terminals_printed(tmp_path: Path) -> None:
    text = console("$ echo begun; echo the reason; touch told; tail -f told", "begun", run="goes-on")
    wait = "until [ -e told ]; do sleep 0.05; done"
    with pytest.raises(BlockFailed, match="Meanwhile terminal 1 has printed:\nthe reason\n"):
        follow(tmp_path, text + console(f"$ {wait}; false", run="terminal=2"))


def test_output_of_what_runs_in_the_background_does_not_mix_in(tmp_path: Path) -> None:
    follow(tmp_path, console(f"$ ({GREET}) &", "…", "$ sleep 0.2; echo one", "one"))


@pytest.mark.parametrize("ends", ["true", "false"])
def test_nothing_is_left_running(tmp_path: Path, ends: str) -> None:
    note = f"echo $$ >> {tmp_path}/pids; exec {SLEEP}"
    text = console(f"$ sh -c '{note}' & setsid -f sh -c '{note}'")
    text += console(f"$ echo begun; sh -c '{note}'", "begun", run="goes-on")
    wait = f"until [ $(wc -l < {tmp_path}/pids) = 3 ]; do sleep 0.05; done"
    text += console(f"$ {wait}; {ends}", run="terminal=2")
    expected = AssertionError if ends == "true" else BlockFailed
    with pytest.raises(
        expected, match="This ran on, and was killed: sleep" if ends == "true" else "exit code 1"
    ):
        follow(tmp_path, text, end_seconds=0.5)
    for pid in (tmp_path / "pids").read_text().split():
        assert not (psutil.pid_exists(int(pid)) and is_running(psutil.Process(int(pid))))


def test_nothing_is_left_running_when_the_tests_are_killed(tmp_path: Path) -> None:
    end = [sys.executable, "-c", KILLED, str(tmp_path), f"echo $$ > pid; {SLEEP}"]
    subprocess.run(end, cwd=ROOT, env=environment(), check=True)
    shell = int((tmp_path / "pid").read_text())
    eventually(holds(lambda: not psutil.pid_exists(shell) or not is_running(psutil.Process(shell))))


def test_ports_are_default_ones_in_texts_and_free_ones_here(tmp_path: Path) -> None:
    text = console("$ [ $STEP0_PORT != 8000 ]; echo http://127.0.0.1:$STEP0_PORT/", "http://127.0.0.1:8000/")
    text += console("$ [ :8000 = :$STEP0_PORT ] && echo replaced", "replaced")
    follow(tmp_path, text + console("$ echo 8000 posts of reader 18000", "8000 posts of reader 18000"))
    assert default_ports()["STEP0_PORT"] == 8000


def test_columns_stay_where_they_are_when_ports_are_replaced(tmp_path: Path) -> None:
    text = console(
        '$ echo "port $STEP0_PORT (step 0)   ok"; echo "port 99999 (step 9)   ok"',
        "port 8000 (step 0)    ok",
        "port 99999 (step 9)   ok",
        '$ echo "http://127.0.0.1:$STEP0_PORT 3739 up, on port $STEP0_PORT of 7"',
        "http://127.0.0.1:8000  3739 up, on port 8000 of 7",
    )
    follow(tmp_path, text)
