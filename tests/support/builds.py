"""Compare what a service is built from, its requirements and its image, with what it imports."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackagePath, files, packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOADED = """
import ast, importlib, json, os, runpy, sys

step, *packages = sys.argv[1:]

def ours():
    return {name: module.__file__ for name, module in sys.modules.items()
            if name.split(".")[0] in (step, "kit") and module.__file__}

def load(package):
    importlib.import_module(package + ".service")
    looked_through = set()
    while more := ours().keys() - looked_through:
        for name in more:
            looked_through.add(name)
            for node in ast.walk(ast.parse(open(ours()[name]).read())):
                if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in (step, "kit"):
                    importlib.import_module(node.module)
    print(json.dumps([package, ours()]), flush=True)

runpy.run_path(step + "/gunicorn.conf.py")
for package in packages:
    if (pid := os.fork()) == 0:
        load(package)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0, package
"""
"""Prints, for each service, the repository's modules that its process has after its usual start."""


@dataclass(frozen=True)
class Built:
    """The service in a `folder` of a step's package."""

    folder: str

    @property
    def package(self) -> str:
        return self.folder.replace("/", ".")

    @property
    def step(self) -> str:
        return self.folder.split("/")[0]

    def files(self) -> set[str]:
        return {path.name for path in (ROOT / self.folder).iterdir()}

    def pins(self) -> dict[str, str]:
        """Return the versions of all that it installs."""
        return pins(ROOT / self.folder / "requirements.txt")

    def distributions(self) -> set[str]:
        """Return the names of all that it installs, in lower case with hyphens."""
        return {_normal(name) for name in self.pins()}

    def loaded(self) -> dict[str, Path]:
        """Return the repository's modules that a process of the service loads, at its start or later."""
        return _loaded(self.step)[self.package]

    def check_requirements(self) -> set[str]:
        """Check that they hold all that it imports, and return the modules of the step that it loads."""
        modules = self.loaded()
        needed = distributions_imported_by(modules.values())
        assert "eve" in needed
        assert needed <= self.distributions()
        return {name.partition(".")[2] for name in modules if name.startswith(f"{self.step}.")}

    def check_image(self) -> set[str]:
        """Check that it copies existing paths with all that the service needs, and return the paths."""
        lines = (ROOT / self.folder / "Dockerfile").read_text().splitlines()
        assert "ARG BASE=python:3.12-slim" in lines
        copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from=" not in line]
        paths = {path for group in copied for path in group}
        assert {"kit", self.folder, f"{self.folder}/requirements.txt"} <= paths
        assert all((ROOT / path).exists() for path in paths)
        lacking = {file for file in self.loaded().values() if not _lies_in(file, paths)}
        assert not lacking
        assert f'{self.package}.service:make_app()"]' in lines[-1]
        return paths

    def check_pins(self) -> None:
        """Check that they agree with the pins of all other services."""
        own = self.pins()
        for other in (*ROOT.glob("step[23]_*/**/requirements.txt"), *ROOT.glob("requirements/*.txt")):
            theirs = pins(other)
            assert {name: theirs[name] for name in own if name in theirs}.items() <= own.items(), other


@cache
def _loaded(step: str) -> dict[str, dict[str, Path]]:
    packages = [folder.replace("/", ".") for folder in services_of(step)]
    command = [sys.executable, "-c", LOADED, step, *packages]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    output = (json.loads(line) for line in done.stdout.splitlines())
    return {package: {name: Path(file) for name, file in modules.items()} for package, modules in output}


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Return the distributions of each package that can be imported."""
    return packages_distributions()


@cache
def _distributions_of(name: str) -> set[str]:
    """Return the distributions of an imported name; of those that share a package, as OpenTelemetry's do,
    the one that has the module.
    """
    found = set(_distributions().get(name.partition(".")[0], ()))
    while len(found) > 1 and name:
        path = name.replace(".", "/")
        having = {each for each in found if any(_is_in(file, path) for file in files(each) or ())}
        if having:
            return having
        name = name.rpartition(".")[0]
    return found


def _is_in(file: PackagePath, path: str) -> bool:
    return str(file) == f"{path}.py" or str(file).startswith(f"{path}/")


def distributions_imported_by(modules: Iterable[Path]) -> set[str]:
    """Return the distributions that these files import, at their start or later."""
    imported = set().union(*(_imported(file) for file in modules))
    return {_normal(each) for name in imported for each in _distributions_of(name)}


def services_of(step: str) -> list[str]:
    """Return the folders of a step's services."""
    folders = [path.parent for path in (ROOT / step).glob("**/service.py")]
    return sorted(str(each.relative_to(ROOT)) for each in folders if (each / "requirements.in").exists())


def pins(file: Path) -> dict[str, str]:
    """Return the versions that a file of requirements pins."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", file.read_text(), re.MULTILINE))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _lies_in(file: Path, paths: set[str]) -> bool:
    inside = file.relative_to(ROOT)
    return any(str(each) in paths for each in (inside, *inside.parents))


def _imported(file: Path) -> set[str]:
    """Return the names that a module imports, each after the names of its packages."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{each.name}" for each in node.names}
    return names
