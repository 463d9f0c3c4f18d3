"""Size: what a reader of a step must follow, from the commands that start it.

Python files count if an import leads to them. A folder of templates counts if a file beside it does. Lines
are those with code: no comments, docstrings and blank lines, no tests.
"""

import ast
import io
import re
import shlex
import tokenize
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from workshop.compare.gains.lengths import STEPS
from workshop.compare.observations import Observation, Size
from workshop.state import ROOT
from workshop.steps import Step, read_step

TEMPLATES = "templates"
COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def seconds(quick: bool, arms: Sequence[str] = STEPS) -> float:
    """Return how long it takes, about."""
    return 1.0 * len(arms)


def size(arms: Sequence[str], record: Callable[[Observation], None]) -> None:
    """Record the size of each arm's step."""
    for arm in arms:
        record(measure(arm))


def measure(arm: str) -> Size:
    """Return the size of an arm's step."""
    step = int(arm[0])
    files = files_of(step)
    own = [each for each in files if each.is_relative_to(folder_of(step))]
    return Size(
        arm=arm,
        files=len(files),
        lines=sum(map(lines_of, files)),
        own_files=len(own),
        own_lines=sum(map(lines_of, own)),
    )


def folder_of(step: int) -> Path:
    """Return the folder of a step."""
    return next(ROOT.glob(f"step{step}_*"))


def files_of(step: int) -> list[Path]:
    """Return the files that a reader of a step must follow, in the order of their paths."""
    found: set[Path] = set()
    left = set(_entry_points(read_step(step)))
    while left:
        path = left.pop()
        found.add(path)
        left |= {*_imported(path), *_packages(path)} - found
    templates = {each.parent / TEMPLATES for each in found}
    shown = {page for folder in templates for page in folder.rglob("*") if page.is_file()}
    # A file without any line of code, such as most __init__.py, is nothing to follow.
    return sorted(each for each in found | shown if lines_of(each))


@cache
def lines_of(path: Path) -> int:
    """Return the lines of code of a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return sum(bool(line.strip()) for line in COMMENT.sub("", text).splitlines())
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {
        number
        for each in tokens
        if each.type not in NO_CODE
        for number in range(each.start[0], each.end[0] + 1)
    }
    return len(lines - set(_docstring_lines(ast.parse(text))))


def _docstring_lines(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of texts that are statements of their own."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _entry_points(step: Step) -> Iterator[Path]:
    """Yield the files that the step's commands name: applications, programs and settings of servers."""
    commands = [each.command for each in (*step.processes, *([step.prepare] if step.prepare else []))]
    commands += [each.command for service in step.services.values() for each in service.versions.values()]
    for command in commands:
        for word in shlex.split(command):
            path = ROOT / word
            if word.endswith(".py") and path.is_file():
                yield path
            elif found := _module(word.partition(":")[0]):
                yield found


@cache
def _module(name: str) -> Path | None:
    """Return the file of a module of this repository, if it is one: a program's is its __main__."""
    if not re.fullmatch(r"\w+(\.\w+)*", name):
        return None
    path = ROOT.joinpath(*name.split("."))
    for each in (path.with_suffix(".py"), path / "__main__.py", path / "__init__.py"):
        if each.is_file():
            return each
    return None


@cache
def _imported(path: Path) -> frozenset[Path]:
    """Return the files of this repository that a file imports, wherever in it."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        else:
            continue
        found |= {file for name in names if (file := _imported_module(name))}
    return frozenset(found)


def _imported_module(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((e for e in (path.with_suffix(".py"), path / "__init__.py") if e.is_file()), None)


def _packages(path: Path) -> Iterator[Path]:
    """Yield the files of the packages that a file is in, as they are imported with it."""
    for folder in path.relative_to(ROOT).parents:
        if (package := ROOT / folder / "__init__.py").is_file():
            yield package
