"""Each service can be built by itself: its requirements hold what it imports, its image what it needs."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEP = ROOT / "step2_services"
SERVICES = sorted(path.parent.name for path in STEP.glob("*/service.py"))
FILES = {
    *("__init__.py", "service.py", "settings.py", "requirements.in", "requirements.txt"),
    *("Dockerfile", "README.md"),
}
LOADED = """
import json, runpy, sys
runpy.run_path("step2_services/gunicorn.conf.py")
import step2_services.{service}.service
ours = [(name, module.__file__) for name, module in sys.modules.items()
        if name.split(".")[0] in ("step2_services", "kit") and module.__file__]
print(json.dumps(ours))
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(service: str) -> set[str]:
    text = (STEP / service / "requirements.txt").read_text()
    return {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def loaded(service: str) -> dict[str, Path]:
    """The modules of ours that a process of the service loads."""
    command = [sys.executable, "-c", LOADED.format(service=service)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return {name: Path(file) for name, file in json.loads(done.stdout)}


def imported(file: Path) -> set[str]:
    """The packages that a module names in its imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_there_are_the_services_of_the_text() -> None:
    text = (STEP / "README.md").read_text()
    assert sorted(re.findall(r"^\| \[(\w+)\]", text, re.MULTILINE)) == SERVICES
    assert len(SERVICES) == 10


@pytest.mark.parametrize("service", SERVICES)
def test_its_folder_has_the_shape_of_all(service: str) -> None:
    assert {path.name for path in (STEP / service).iterdir()} >= FILES


@pytest.mark.parametrize("service", SERVICES)
def test_its_requirements_are_what_it_imports(service: str) -> None:
    modules = loaded(service)
    packages = set().union(*(imported(file) for file in modules.values()))
    known = packages_distributions()
    needed = {normal(each) for package in packages for each in known.get(package, ())}
    assert "eve" in needed
    assert needed <= pinned(service)
    assert {name.split(".")[1] for name in modules if name.startswith("step2_services.")} == {service}


@pytest.mark.parametrize("service", SERVICES)
def test_its_image_copies_it_and_the_kit(service: str) -> None:
    lines = (STEP / service / "Dockerfile").read_text().splitlines()
    assert "ARG BASE=python:3.12-slim" in lines
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY")]
    paths = {path for group in copied for path in group}
    assert {"kit", f"step2_services/{service}", f"step2_services/{service}/requirements.txt"} <= paths
    assert all((ROOT / path).exists() for path in paths)
    assert f'step2_services.{service}.service:make_app()"]' in lines[-1]


@pytest.mark.parametrize("service", SERVICES)
def test_its_pins_fit_into_one_environment_with_all_others(service: str) -> None:
    def versions(path: Path) -> dict[str, str]:
        return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", path.read_text(), re.MULTILINE))

    own = versions(STEP / service / "requirements.txt")
    for other in (*STEP.glob("*/requirements.txt"), *(ROOT / "requirements").glob("*.txt")):
        theirs = versions(other)
        assert {name: theirs[name] for name in own if name in theirs}.items() <= own.items(), other
