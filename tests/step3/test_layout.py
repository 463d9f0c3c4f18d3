"""Owners and views know no other service; the face is step 0's over step 1's store."""

import subprocess
import sys
import tomllib

import pytest

from tests.step1.test_layout import ALIKE, ROOT, SMALL, code
from tests.step3.running_parts import AGGREGATES, SERVICES, VIEWS

STEP = ROOT / "step3_async"
FILES = {
    *("__init__.py", "service.py", "README.md"),
    *("Dockerfile", "requirements.in", "requirements.txt"),
}
MOST_LINES = 100
FOLDERS = [*(f"aggregates/{name}" for name in AGGREGATES), *(f"views/{name}" for name in VIEWS)]
MANIFEST = tomllib.loads((STEP / "step.toml").read_text())


def test_added_pages_extend_the_layout_of_step_0() -> None:
    added = {name for name in code("step3_async") if not name.endswith(".py")}
    assert added == {"web/templates/_layout.html", "web/static/pending.js", "web/static/pending.css"}
    assert (STEP / "web/templates/_layout.html").read_text().startswith("{% extends 'step0/_layout.html' %}")


@pytest.mark.parametrize("before", ["step0_monolith", "step1_rest", "step2_services"])
def test_no_file_repeats_one_of_the_steps_before(before: str) -> None:
    """A service may repeat what it has at step 2, as steps import no services of each other."""
    known = code(before)
    alike = [
        (mine, theirs)
        for mine, lines in code("step3_async").items()
        for theirs, other in known.items()
        if len(lines) > SMALL
        and mine.partition("/")[2] != theirs
        and sum(line in set(other) for line in lines) > ALIKE * len(lines)
    ]
    assert alike == []


def test_all_services_are_known_and_run() -> None:
    found = [str(path.parent.relative_to(STEP)) for path in sorted(STEP.glob("[av]*s/*/service.py"))]
    assert found == sorted(FOLDERS)
    assert set(MANIFEST["service"]) == set(SERVICES)
    kinds = {name: each["kind"] for name, each in MANIFEST["service"].items() if "kind" in each}
    assert kinds == {name: kind for kind, _, name in (each.partition("/") for each in FOLDERS)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_service_has_the_same_files(folder: str) -> None:
    assert {path.name for path in (STEP / folder).iterdir() if path.is_file()} == FILES


@pytest.mark.parametrize("folder", FOLDERS)
def test_service_is_short(folder: str) -> None:
    assert len((STEP / folder / "service.py").read_text().splitlines()) < MOST_LINES


def test_each_service_has_its_own_user_in_the_database_and_in_the_rapids() -> None:
    keeping = [*AGGREGATES, *VIEWS, "capture"]
    assert sorted(MANIFEST["mongodb"]["users"]) == sorted(f"step3_{name}" for name in keeping)
    assert set(MANIFEST["nats"]["users"]) == {*SERVICES, "admin"}
    assert {each.partition(".")[0] for each in MANIFEST["mongodb"]["reads"]["step3_capture"]} == {
        f"step3_{name}" for name in AGGREGATES
    }
    assert "step3_members.members" not in MANIFEST["mongodb"]["reads"]["step3_capture"]


def test_services_do_not_load_the_client_of_the_gateway() -> None:
    requested = (
        "import runpy, sys; runpy.run_path('step3_async/gunicorn.conf.py'); "
        "print([name for name in ('nats', 'aiohttp') if sys.modules.get(name)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", requested], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "['nats']"


def test_face_needs_no_database_driver() -> None:
    requested = "import sys, step3_async.web.app; print('pymongo' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", requested], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
