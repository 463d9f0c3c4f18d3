"""Find the commands that tests run, by the first argument of each call in their source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CALLERS = {
    "workshop": ("workshop", 0),
    "call": ("workshop", 0),
    "Command": ("workshop", 0),
    "__init__": ("workshop", 0),
    "Bench": ("workshop bench", 0),
    "make": ("make", 0),
    "making": ("make", 0),
    "rapids": ("rapids", 1),
    "start_rapids": ("rapids", 1),
}
"""The program that a function or method of tests calls, and the position of its first word."""

MODULE = ["-m", "workshop"]


@cache
def runs() -> frozenset[tuple[str, str]]:
    """Return the program and first argument of all commands that tests run."""
    return frozenset(found for path in TESTS.rglob("*.py") for found in _runs(ast.parse(path.read_text())))


@cache
def words() -> frozenset[str]:
    """Return all words in strings of tests, options among them."""
    return frozenset(
        word
        for path in TESTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in node.value.replace("=", " ").split()
    )


def _runs(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _called(node)
        elif isinstance(node, ast.List):
            given = [each.value if isinstance(each, ast.Constant) else None for each in node.elts]
            for place in range(len(given) - 2):
                if given[place : place + 2] == MODULE and isinstance(given[place + 2], str):
                    yield "workshop", str(given[place + 2])


def _called(node: ast.Call) -> Iterator[tuple[str, str]]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    program, place = CALLERS.get(name, ("", 0))
    if program and len(node.args) > place:
        first = node.args[place]
        if isinstance(first, ast.List) and first.elts:
            first = first.elts[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield program, first.value
