"""Step 2 has services of one kind and a store that calls them, and copies nothing from earlier steps."""

import subprocess
import sys

import pytest

from tests.step1.test_layout import ALIKE, ROOT, SMALL, code
from tests.step2.running_parts import SERVICES

FILES = {
    *("__init__.py", "service.py", "README.md"),
    *("Dockerfile", "requirements.in", "requirements.txt"),
}
MOST_LINES = 70


def test_step_has_no_pages_of_its_own() -> None:
    assert code("step2_services")
    assert all(name.endswith(".py") for name in code("step2_services"))
    assert not list(ROOT.glob("step2_services/**/templates"))


@pytest.mark.parametrize("before", ["step0_monolith", "step1_rest"])
def test_no_file_repeats_one_of_the_steps_before(before: str) -> None:
    known = code(before)
    alike = [
        (mine, theirs)
        for mine, lines in code("step2_services").items()
        for theirs, other in known.items()
        if len(lines) > SMALL and sum(line in set(other) for line in lines) > ALIKE * len(lines)
    ]
    assert alike == []


def test_all_services_are_known() -> None:
    assert [path.parent.name for path in sorted(ROOT.glob("step2_services/*/service.py"))] == list(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_the_same_files(name: str) -> None:
    there = {path.name for path in (ROOT / "step2_services" / name).iterdir() if path.is_file()}
    assert there == FILES if name != "sync" else there > FILES


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "sync"])
def test_a_service_with_one_verb_is_short(name: str) -> None:
    lines = (ROOT / "step2_services" / name / "service.py").read_text().splitlines()
    assert len(lines) < MOST_LINES


def test_face_needs_no_database_driver() -> None:
    requested = "import sys, step2_services.web.app; print('pymongo' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", requested], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
