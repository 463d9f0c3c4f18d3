"""Texts whose blocks are run: one item a block; those of a text run in order, in one copy of the checkout."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chapters.blocks import Block, FormatError, blocks
from tests.chapters.checkout import Checkout
from tests.chapters.text_run import TextRun
from tests.support.files import name_of, texts
from tests.support.make import copy_of_the_checkout


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that have a `block` for each block, of all texts or of those of the chosen step."""
    if "block" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--step")
    found = []
    for path in texts() if "chapter" in metafunc.config.option.markexpr else ():
        name = name_of(path)
        if chosen is None or name.startswith(f"step{chosen}_"):
            found += [
                pytest.param(
                    path,
                    block,
                    id=f"{name}:{block.line}",
                    marks=pytest.mark.skip(f"not run: {block.not_run}") if block.not_run else (),
                )
                for block in _blocks(path)
            ]
    metafunc.parametrize(("text_run", "block"), found, indirect=["text_run"], scope="session")


@pytest.fixture(scope="session")
def text_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextRun]:
    """The text that a block is in, followed from its beginning."""
    path: Path = request.param
    folder = copy_of_the_checkout(tmp_path_factory.mktemp("text") / "stepping-stones")
    run = TextRun(path, Checkout(folder), fix=request.config.getoption("--fix"))
    yield run
    assert run.close() == []


def _blocks(path: Path) -> list[Block]:
    try:
        return blocks(path.read_text(encoding="utf-8"))
    except FormatError as error:
        raise pytest.UsageError(f"{path}: {error}") from None
