"""Step 1 adds another store and an API, and copies nothing from step 0."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALL = 12
ALIKE = 0.6


def code(folder: str) -> dict[str, list[str]]:
    """Return the lines of a step's files by their paths, without empty lines."""
    return {
        str(path.relative_to(ROOT / folder)): [line.strip() for line in path.read_text().splitlines() if line]
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".js", ".css"} and "__pycache__" not in path.parts
    }


def test_step_has_no_pages_of_its_own() -> None:
    assert {Path(name).suffix for name in code("step1_rest")} == {".py"}
    assert not (ROOT / "step1_rest/views").exists()


def test_no_file_repeats_one_of_step_0() -> None:
    before, now = code("step0_monolith"), code("step1_rest")
    assert now
    alike = [
        (mine, theirs)
        for mine, lines in now.items()
        for theirs, known in before.items()
        if len(lines) > SMALL and sum(line in set(known) for line in lines) > ALIKE * len(lines)
    ]
    assert alike == []


def test_face_needs_no_database_driver() -> None:
    requested = "import sys, step1_rest.store; print('pymongo' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", requested], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
