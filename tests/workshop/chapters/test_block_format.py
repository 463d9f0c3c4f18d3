"""How a block of a text says how it is run; all blocks of all texts do."""

from pathlib import Path

import pytest

from tests.chapters.blocks import FormatError, blocks
from tests.support.files import name_of, texts
from tests.workshop.chapters.follow import console


@pytest.mark.parametrize("path", texts(), ids=name_of)
def test_every_block_can_be_run_or_says_why_not(path: Path) -> None:
    for block in blocks(path.read_text(encoding="utf-8")):
        assert block.entries or block.not_run


def test_without_a_comment_a_block_runs_in_the_first_terminal_and_ends() -> None:
    (block,) = blocks(console("$ true"))
    assert (block.terminal, block.goes_on, block.exit, block.varies, block.not_run) == (1, False, 0, (), "")


def test_a_comment_says_how_a_block_is_run() -> None:
    (block,) = blocks(console("$ true", run='terminal=2 goes-on varies="time number" exit=1'))
    assert (block.terminal, block.goes_on, block.exit, block.varies) == (2, True, 1, ("time", "number"))


def test_a_comment_says_why_a_block_is_not_run() -> None:
    (block,) = blocks("<!-- not run: it needs\nDocker -->\n```sh\nmake docker\n```\n")
    assert (block.entries, block.not_run) == ((), "it needs\nDocker")


def test_a_comment_is_for_the_next_block_only() -> None:
    told = "<!-- not run: Docker -->\n"
    assert [block.not_run for block in blocks(f"{told}Text.\n\n{console('$ true')}")] == [""]
    assert [block.not_run for block in blocks(told + console("$ a") + console("$ true"))] == ["Docker", ""]


def test_other_blocks_are_no_commands() -> None:
    assert blocks("```python\nimport this\n```\n\n```\n$ true\n```\n\n    $ true\n") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (console("$ true", run="terminals=2"), "'terminals=2' is no option"),
        (console("$ true", run="terminal=two"), "'terminal=two' is no option"),
        (console("$ true", run="varies='time weather'"), "nothing varies as weather; there is time, "),
        ("<!-- not run: -->\n" + console("$ true"), "say why"),
        (console(), "nothing to run"),
        ("```sh\n# only a remark\n```\n", "nothing to run"),
        (console("a line without a command"), "nothing goes on in terminal 1"),
        (console("^C"), "nothing goes on in terminal 1"),
        (console("$ a", run="goes-on") + console("^C", run="terminal=2"), "nothing goes on in terminal 2"),
        (console("$ a", run="goes-on") + console("$ b"), "goes on in terminal 1; stop it with ^C"),
        (console("$ a", "^C", "^C"), "nothing goes on in terminal 1"),
        (console("$ echo 'one"), "cannot read this command: echo 'one"),
        ("```sh\necho one |\n```\n", "cannot read this command: echo one |"),
        ("<!-- run: goes-on -->\n```python\nimport this\n```\n", "only a block marked console or sh"),
    ],
)
def test_what_cannot_be_run_is_told_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(FormatError, match=r"line \d+: ") as told:
        blocks(text)
    assert problem in str(told.value)
