"""What READMEs name exists: files, folders, the targets of make, and default ports."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.files import ROOT, texts
from tests.support.make import environment

OTHERS = {".venv", ".state", ".git", ".pytest_cache", "artefacts", "mutants", "node_modules", "work"}
MADE_LATER = {".venv", ".state", "artefacts/comparison/index.html"}
READMES = [path.relative_to(ROOT) for path in texts() if path.name == "README.md"]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(r"`((?!/)[\w./-]*\w(?:/|\.(?:py|toml|yaml|js|html)))`")
CODE = re.compile(r"```(?:sh|console)\n(.*?)```|`([^`\n]+)`", re.DOTALL)
MAKE = re.compile(r"^(?:\$ )?make ([a-z-]+)\b", re.MULTILINE)
STOP = re.compile(r"^\d+\. .*\n(?: {3,}.*\n)*", re.MULTILINE)
NAME = re.compile(r"`(?!\w+\.(?:py|js))([A-Za-z_]+(?:\.[A-Za-z_]+)?)`")
PORT = re.compile(r"(?:127\.0\.0\.1|localhost):(8\d{3})\b")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
PORTS = set(
    re.findall(
        r"\b(8\d{3})\b",
        " ".join(
            path.read_text() for path in [*ROOT.glob("step*/step.toml"), *ROOT.glob("workshop/**/*.py")]
        ),
    )
)


@pytest.fixture(scope="module")
def tails() -> set[str]:
    """Return the ends of the paths of all files and folders, by which a text may name them."""
    found = {*MADE_LATER}
    for top in ROOT.iterdir():
        for path in [top, *(top.rglob("*") if top.is_dir() and top.name not in OTHERS else ())]:
            parts = path.relative_to(ROOT).parts
            found |= {"/".join(parts[start:]) for start in range(len(parts))}
    return found


@pytest.mark.parametrize("readme", READMES, ids=str)
def test_everything_that_a_readme_names_exists(readme: Path, tails: set[str]) -> None:
    text = (ROOT / readme).read_text()
    assert [path for path in PATH.findall(text) if path.rstrip("/") not in tails] == []
    code = "\n".join(block or inline for block, inline in CODE.findall(text))
    assert set(MAKE.findall(code)) - TARGETS == set()
    assert set(PORT.findall(text)) - PORTS == set()


def test_walk_of_a_like_names_existing_functions() -> None:
    step = ROOT / "step3_async"
    stops = STOP.findall((step / "README.md").read_text().split("## The walk of a like")[1].split("\n## ")[0])
    assert 8 <= len(stops) <= 12
    opened = " ".join(path.parent.name for path in step.rglob("service.py")) + " web "
    for stop in stops:
        opened += " ".join((step / link).read_text() for link in LINK.findall(stop))
        names = {part for name in NAME.findall(stop) for part in name.split(".")}
        assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", opened)] == [], stop


def test_mutation_run_names_existing_files() -> None:
    named = [path for value in MUTMUT.values() if isinstance(value, list) for path in value if "/" in path]
    assert len(named) > 10
    assert [path for path in named if not any(ROOT.glob(path))] == []


def test_mutation_run_can_name_its_tests() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    collected = subprocess.run(
        [*command, *MUTMUT["pytest_add_cli_args_test_selection"]],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    ids = [line for line in collected.splitlines() if "::" in line]
    assert len(ids) > 400
    assert [each for each in ids if "\\" in each] == [], "give the parameters `ids=plain_id`"
