"""Exercises have manifests of their own: step 3's but for what the exercise is about."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STEP = Path(__file__).parents[2] / "step3_async"
EXERCISES = STEP / "exercises"


def manifest(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "step.toml").read_text("utf-8"))


def lacking(whole: Any, part: Any, path: str = "") -> Iterator[str]:
    """Yield what `whole` has and `part` has not, with its place."""
    if isinstance(whole, dict):
        for name, each in whole.items():
            yield from lacking(each, part.get(name, {}) if isinstance(part, dict) else {}, f"{path} {name}")
    elif isinstance(whole, list):
        yield from (f"{path} {each}" for each in whole if each not in part)
    elif whole != part:
        yield f"{path} {whole}"


def test_start_of_like_lacks_nothing_but_like() -> None:
    start = manifest(EXERCISES / "1_like_as_a_service/start")
    assert [each for each in lacking(manifest(STEP), start) if "like" not in each] == []
    assert {each.split()[0] for each in lacking(start, manifest(STEP))} == {"env"}


def test_solution_of_suggest_by_author_only_adds() -> None:
    assert [*lacking(manifest(STEP), manifest(EXERCISES / "3_suggest_by_author/solution"))] == []
