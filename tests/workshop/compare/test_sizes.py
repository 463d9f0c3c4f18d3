"""What a reader of a step must follow, and what a new wish takes: counted in the repository."""

from pathlib import Path

import pytest

from workshop.compare.costs import size
from workshop.compare.gains import wish
from workshop.compare.gains.lengths import STEPS
from workshop.compare.observations import Observation, Size
from workshop.state import ROOT

CODE = '''"""A module.

With a docstring of several lines.
"""

# A comment.
import os


def call() -> str:
    """Return something."""
    return os.path.join(  # a call of three lines
        "a",
    )
'''


def test_comments_docstrings_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    code, page = tmp_path / "code.py", tmp_path / "page.html"
    code.write_text(CODE)
    page.write_text("{# a comment\nof two lines #}\n\n<p>one</p>\n<!-- none -->\n")
    assert size.lines_of(code) == 5
    assert size.lines_of(page) == 1


def test_files_of_step_are_those_that_its_processes_import() -> None:
    names = {each.relative_to(ROOT).as_posix() for each in size.files_of(1)}
    assert {"step1_rest/api/app.py", "step1_rest/store.py", "step1_rest/api/gunicorn.conf.py"} <= names
    assert {"kit/domain/marks/like.py", "step0_monolith/views/marks.py"} <= names
    assert "step0_monolith/templates/_actions.html" in names
    assert not [name for name in names if name.startswith(("tests/", "workshop/", "step2_", "step3_"))]


def test_each_step_is_larger_than_the_one_before() -> None:
    found: list[Observation] = []
    size.size(STEPS, found.append)
    sizes = [each for each in found if isinstance(each, Size)]
    assert [each.arm for each in sizes] == [*STEPS]
    assert sizes == sorted(sizes, key=lambda each: each.lines)
    assert all(0 < each.own_lines < each.lines for each in sizes)


@pytest.mark.parametrize("arm", STEPS)
def test_files_to_change_exist_and_new_ones_do_not(arm: str) -> None:
    found = wish.measure(arm)
    assert found.changed
    assert [name for name in found.changed if not (ROOT / name).is_file()] == []
    assert found.new
    assert [name for name in found.new if (ROOT / name).exists()] == []
    folder = size.folder_of(int(arm)).name
    assert any(name.startswith(folder) for name in found.changed)


def test_new_service_of_step_3_changes_no_code() -> None:
    assert not [name for name in wish.measure("3").changed if name.endswith(".py")]
    assert [name for name in wish.measure("2").changed if name.endswith(".py")]
