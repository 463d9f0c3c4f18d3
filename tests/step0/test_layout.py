"""Rules of the layout that `make lint` does not check: locks, imports of drivers, forbidden names."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from step0_monolith.views.icons import USED, sprite

ROOT = Path(__file__).resolve().parents[2]
LISTS = ROOT / "requirements"
LOCKS = sorted([*LISTS.glob("*.txt"), *ROOT.glob("step*/**/requirements.txt")])
PINNED = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.!+-]+( ; [^#@:]+)?( --hash=sha256:[0-9a-f]{64})+")
DRIVERS = {"pymongo", "bson", "gridfs"}

# Spelt so that this file does not name them itself.
REGISTRIES = (
    rb"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|registry\.yarnpkg|proxy\.golang|anaconda\.org|"
    rb"[/.]docker\.io|ghcr\.io|quay\.io"
)
FOLDERS = rb"(?<![\w.])/(hom[e]|User[s])/\w|(?<![\w.])/(roo[t]|wor[k])/"
FORBIDDEN = re.compile(REGISTRIES + b"|" + FOLDERS)


def test_there_is_a_lock_for_each_list_of_requirements() -> None:
    lists = {path.stem for path in (ROOT / "requirements").glob("*.in")} - {"service", "events"}
    assert [f"{name}.txt" for name in sorted(lists)] == [path.name for path in LOCKS if path.parent == LISTS]
    services = ROOT.glob("step*/**/requirements.in")
    assert {path.with_suffix(".txt") for path in services} == {path for path in LOCKS if path.parent != LISTS}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_locks_are_pinned_by_hash_and_name_no_place(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    requirements = [re.sub(r"\s*\\\n\s*", " ", each) for each in re.split(r"(?<!\\)\n", text) if each]
    assert requirements
    assert [each for each in requirements if not PINNED.fullmatch(each)] == []


def test_only_the_mongo_folder_imports_the_driver() -> None:
    monolith = ROOT / "step0_monolith"
    knowing = {
        path.relative_to(monolith).parts[0]
        for path in monolith.rglob("*.py")
        if DRIVERS & set(imported(path))
    }
    assert knowing == {"mongo"}


def imported(path: Path) -> list[str]:
    """Return the top-level packages that a module imports anywhere."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    parts = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return [name.partition(".")[0] for name in whole + parts]


def test_no_tracked_file_names_a_registry_or_a_folder_of_somebody() -> None:
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if FORBIDDEN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line[:120].decode('utf-8', 'replace')}")
    assert found == []


def tracked() -> list[Path]:
    """Return the existing files under version control."""
    if not shutil.which("git"):
        pytest.skip("git is not installed, so nobody knows which files are tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"this is no git checkout: {listed.stderr.strip()}")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    if not paths:
        pytest.skip("this tree is inside another checkout, which tracks none of it")
    return [path for path in paths if path.is_file()]


def test_every_icon_that_a_page_uses_is_in_the_sheet() -> None:
    pages = "".join(path.read_text() for path in (ROOT / "step0_monolith/templates").glob("*.html"))
    used = set(re.findall(r"""icon\(['"]([a-z-]+)['"]""", pages))
    assert used
    assert used <= set(USED), used - set(USED)
    assert sprite().count("<symbol") == len(USED)
