"""Capture can be built by itself: its requirements hold what it loads, its image what it needs of ours."""

import ast
import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support.builds import ROOT, Built

CAPTURE = Built("step3_async/sync/capture")
LOADED = """
import json, sys
import step3_async.sync.capture.__main__
print(json.dumps({name: module.__file__ for name, module in sys.modules.items()
                  if getattr(module, "__file__", None)}))
"""


def loaded() -> dict[str, Path]:
    """All modules that its process loads."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return {name: Path(file) for name, file in json.loads(done.stdout).items()}


def imported(file: Path) -> set[str]:
    """The packages that a module names in its imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def normal(name: str) -> str:
    return name.replace("_", "-").lower()


def ours() -> set[Path]:
    return {file for name, file in loaded().items() if name.split(".")[0] in ("kit", "step3_async")}


def test_its_requirements_hold_what_it_imports() -> None:
    known, pinned = packages_distributions(), {normal(name) for name in CAPTURE.pins()}
    packages = set().union(*(imported(file) for file in ours())) & known.keys()
    # Where several distributions have parts of a package, as OpenTelemetry's, one of them has what is meant.
    lacking = {name for name in packages if not {normal(each) for each in known[name]} & pinned}
    assert {"pymongo", "starlette", "uvicorn", "nats", "pydantic"} <= packages
    assert not lacking
    CAPTURE.check_pins()


def test_it_loads_no_other_services_framework() -> None:
    assert not {"flask", "eve"} & {name.split(".")[0] for name in loaded()}


def test_its_image_copies_what_it_loads() -> None:
    lines = (ROOT / CAPTURE.folder / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY")]
    paths = [ROOT / path for group in copied for path in group]
    assert all(path.exists() for path in paths)
    lacking = {file for file in ours() if not any(file.is_relative_to(path) for path in paths)}
    assert len(ours()) > 20
    assert not lacking
    assert lines[-1] == 'CMD ["python", "-m", "step3_async.sync.capture"]'
