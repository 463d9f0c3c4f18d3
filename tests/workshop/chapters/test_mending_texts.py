"""`--fix` writes into a text what its blocks print now, and leaves alone what fits."""

from pathlib import Path

import pytest

from tests.chapters.text_run import BlockFailed
from tests.workshop.chapters.follow import console, follow

ABC = "$ printf 'a\\nb\\nc\\n'"


@pytest.mark.parametrize(
    ("said", "is_now"),
    [
        (("a", "x", "c"), ("a", "b", "c")),
        (("a",), ("a", "b", "c")),
        ((), ("a", "b", "c")),
        (("a", "b", "c", "d"), ("a", "b", "c")),
        (("x", "…", "c"), ("a", "…", "c")),
        (("a", "…", "x"), ("a", "…", "c")),
        (("…", "x"), ("…", "c")),
        (("…", "b ?", "…"), ("…", "b", "…")),
        (("a", "b…", "x"), ("a", "b…", "c")),
        (("…",), ("…",)),
    ],
)
def test_lines_that_differ_are_replaced(
    tmp_path: Path, said: tuple[str, ...], is_now: tuple[str, ...]
) -> None:
    around = "# Title\n\n{}Text.\n"
    found = follow(tmp_path, around.format(console(ABC, *said)), fix=True)
    assert found == around.format(console(ABC, *is_now))


def test_what_varies_stays_as_it_was(tmp_path: Path) -> None:
    command = "$ echo 12 posts; echo loaded in 3 s"
    text = console(command, "7 posts", "read in 4 s", run="varies=number")
    assert follow(tmp_path, text, fix=True) == text.replace("read in 4 s", "loaded in 3 s")


def test_several_blocks_are_mended_each_in_its_place(tmp_path: Path) -> None:
    first, second = ("$ echo 1; echo 2", "x"), ("$ echo 3", "y", "z", "$ echo 4")
    text = console(*first) + "Text.\n\n" + console(*second)
    mended = console(first[0], "1", "2") + "Text.\n\n" + console("$ echo 3", "3", "$ echo 4", "4")
    assert follow(tmp_path, text, fix=True) == mended


def test_block_in_a_list_keeps_its_indentation(tmp_path: Path) -> None:
    text = "1. Do:\n\n   ```console\n   $ echo a; echo; echo b\n   x\n   ```\n"
    assert follow(tmp_path, text, fix=True) == text.replace("   x\n", "   a\n\n   b\n")


def test_what_goes_on_is_mended_when_it_is_quiet(tmp_path: Path) -> None:
    text = console("$ echo begun; echo ready; sleep 3817", "ready?", run="goes-on") + console(
        "$ echo 1", run="terminal=2"
    )
    mended = console("$ echo begun; echo ready; sleep 3817", "begun", "ready", run="goes-on")
    mended += console("$ echo 1", "1", run="terminal=2")
    assert follow(tmp_path, text, fix=True, quiet_seconds=1) == mended


def test_what_was_seen_before_a_failure_is_written(tmp_path: Path) -> None:
    text = console("$ echo 1", "x") + console("$ false")
    with pytest.raises(BlockFailed, match="exit code 1"):
        follow(tmp_path, text, fix=True)
    assert (tmp_path / "text.md").read_text() == text.replace("\nx\n", "\n1\n")


def test_text_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    text = console("$ echo 1; echo >> ../text.md", "x")
    with pytest.raises(AssertionError, match="was changed meanwhile"):
        follow(tmp_path, text, fix=True)
    assert (tmp_path / "text.md").read_text() == f"{text}\n"
