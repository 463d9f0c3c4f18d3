"""A new wish: something has to happen whenever somebody likes a post. Which files does that take?

The files to change are found in the repository: those that write a like, or say who gets to know of it. The
new ones are modelled on the smallest that do such a thing.
"""

import ast
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from workshop.compare.costs.size import folder_of, lines_of
from workshop.compare.gains.lengths import STEPS
from workshop.compare.observations import Observation, Wish
from workshop.state import ROOT
from workshop.testbed.process import NotMeasured

LIKE, LIKES = "like", "likes"
EXAMPLE = "example"
"""The name of the new part in the paths of new files."""

KIT_LIKE = "kit.domain.marks"
"""The package from which APIs and services import the verb `like`."""


def seconds(quick: bool, arms: Sequence[str] = STEPS) -> float:
    """Return how long it takes, about."""
    return 0.2 * len(arms)


def wish(arms: Sequence[str], record: Callable[[Observation], None]) -> None:
    """Record what each arm's step needs. Raises NotMeasured if the repository looks different."""
    for arm in arms:
        record(measure(arm))


def measure(arm: str) -> Wish:
    """Return what an arm's step needs."""
    ways: dict[int, Callable[[str], Wish]] = {0: _in_monolith, 1: _in_api, 2: _as_copier, 3: _as_subscriber}
    return ways[int(arm[0])](arm)


def _in_monolith(arm: str) -> Wish:
    """The store of step 0 makes its parts, and calls one of them to like a post."""
    step = folder_of(0)
    store = _only(path for path in _python(step) if _likes_by_own_part(_parsed(path)))
    return Wish(
        arm=arm,
        new=[_text(store.with_name(f"{EXAMPLE}.py"))],
        changed=[_text(store)],
        how="The store makes the new part, and calls it when somebody likes a post. The reader waits for it.",
    )


def _in_api(arm: str) -> Wish:
    """The API of step 1 has the kit's verb `like`."""
    application = _only(path for path in _python(folder_of(1)) if _has_verb_like(_parsed(path)))
    return Wish(
        arm=arm,
        new=[_text(application.with_name(f"{EXAMPLE}.py"))],
        changed=[_text(application), _text(_verb_like())],
        how="The API makes the new part, and hands it to the verb, which calls it. The reader waits for it.",
    )


def _as_copier(arm: str) -> Wish:
    """A service of step 2 that keeps copies of likes, as sync brings them."""
    step = folder_of(2)
    relations = _only(path for path in _python(step) if any(_takers(_parsed(path))))
    model = min(_takers(_parsed(relations)), key=lambda each: _lines(step / each))
    return Wish(
        arm=arm,
        new=_as_new(step / model),
        changed=[_text(step / "step.toml"), _text(relations), *_naming(step / model, but=(step, relations))],
        how=f"A new service keeps copies of likes, as {model} does; sync brings them, and has to know of it.",
    )


def _as_subscriber(arm: str) -> Wish:
    """A service of step 3 that subscribes to the events of likes."""
    step = folder_of(3)
    manifest: dict[str, Any] = tomllib.loads((step / "step.toml").read_text(encoding="utf-8"))
    users = manifest["nats"]["users"]
    folders = [
        step / own["kind"] / name
        for name, own in manifest["service"].items()
        if LIKE in users.get(name, {}).get("subscriptions", ()) and "kind" in own
    ]
    if not folders:
        raise NotMeasured("No service of step 3 subscribes to likes.")
    model = min(folders, key=_lines)
    return Wish(
        arm=arm,
        new=_as_new(model),
        changed=[_text(step / "step.toml"), *_naming(model, but=(step,))],
        how=f"A new service subscribes to the events, as {model.name} does. No other code knows of it.",
    )


def _python(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*.py") if "exercises" not in path.parts)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _likes_by_own_part(tree: ast.Module) -> bool:
    """Return whether a file has a method `like` that calls a part's `like`, and makes parts for marks."""
    methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == LIKE]
    likes = any(
        isinstance(call.func, ast.Attribute) and call.func.attr == LIKE
        for method in methods
        for call in _calls(method)
    )
    makes = any(isinstance(call.func, ast.Name) and call.func.id.endswith("Marks") for call in _calls(tree))
    return likes and makes


def _has_verb_like(tree: ast.Module) -> bool:
    """Return whether a file calls `like.commands`."""
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "commands"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == LIKE
        for call in _calls(tree)
    )


def _verb_like() -> Path:
    path = ROOT.joinpath(*KIT_LIKE.split("."), f"{LIKE}.py")
    if not path.is_file():
        raise NotMeasured(f"There is no {_text(path)}, where the verb was.")
    return path


def _takers(tree: ast.Module) -> list[str]:
    """Return the services that get copies of likes, by the relations in a file."""
    found = []
    for call in _calls(tree):
        if isinstance(call.func, ast.Name) and call.func.id == "Relation":
            words = [each.value for each in call.args if isinstance(each, ast.Constant)]
            if words[:2] == [LIKE, LIKES]:
                found.append(str(words[2]))
    return found


def _as_new(model: Path) -> list[str]:
    """Return the files of a new service that has the same as an existing one."""
    files = [each for each in sorted(model.rglob("*")) if each.is_file() and "__pycache__" not in each.parts]
    return [_text(model.with_name(EXAMPLE) / each.relative_to(model)) for each in files]


def _naming(model: Path, but: Sequence[Path]) -> list[str]:
    """Return further files that name a service's package, so that a new one has to be added there: the rules
    of the layout, say. The folders and files of `but` are known already.
    """
    names = (_text(model), _text(model).replace("/", "."))
    found = []
    for path in [ROOT / "pyproject.toml", ROOT / "Makefile", *_python(ROOT / "kit"), *_python(but[0])]:
        is_own = path.is_relative_to(model) or path in but
        if not is_own and any(name in path.read_text(encoding="utf-8") for name in names):
            found.append(_text(path))
    return found


def _lines(folder: Path) -> int:
    return sum(lines_of(path) for path in _python(folder))


def _only(paths: Iterator[Path]) -> Path:
    found = list(paths)
    if len(found) != 1:
        names = ", ".join(map(_text, found)) or "none"
        raise NotMeasured(f"One file was expected to make likes known; there is: {names}.")
    return found[0]


def _text(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
