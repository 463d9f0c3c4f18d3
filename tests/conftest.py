"""What all suites share: the choice of the step, and a real MongoDB."""

import asyncio
import gc
import os
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient
from pymongo.database import Database

from tests.drills.sizes import FULL
from tests.support.chromium import chromium, playwright, windowed_chromium
from tests.support.clean_environment import clean_environment, receive_signals
from tests.support.scheduling import ByStep, group_of, longest_first
from tests.support.shared_step import shared_steps
from workshop.ports import free_port
from workshop.stores.mongod import Mongod

__all__ = ["chromium", "playwright", "windowed_chromium"]

clean_environment()
receive_signals()

ROOT = Path(__file__).resolve().parent.parent
BELOW = ("kit", "workshop")
OWN_TARGETS = ("drill", "bench", "docker", "chapter")
"""Markers of tests that run only if `-m` names them."""

STEPS = sorted(int(path.parent.name[4]) for path in ROOT.glob("step[0-9]_*/step.toml"))

# `make mutants` runs a test several times in one process, and compares the results of each mutant.
settings.register_profile(
    "mutants", derandomize=True, suppress_health_check=[HealthCheck.differing_executors]
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--step", type=int, choices=STEPS, help="only this step's tests")
    parser.addoption("--fix", action="store_true", help="write into the texts what their blocks print now")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that have a `step` once for each step, or for the chosen one."""
    if "step" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--step")
        steps = STEPS if chosen is None else [chosen]
        metafunc.parametrize("step", steps, ids=lambda step: f"step{step}", scope="session")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the folders of other steps than the chosen one, and the folders that belong to no step."""
    chosen = config.getoption("--step")
    folder = collection_path.name
    is_others = folder in BELOW or (folder.startswith("step") and folder != f"step{chosen}")
    if chosen is not None and collection_path.parent == ROOT / "tests" and is_others:
        return True
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute tests among workers so that tests that share a step stay together."""
    return ByStep(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Exclude the thousands of collected tests from garbage collection: they stay until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: Any) -> Generator[None, Any, Any]:
    """Stop Playwright's event loop between its own tests: it would count as running in others."""
    loop = asyncio._get_running_loop()
    if loop is None or "playwright" in item.fixturenames:
        return (yield)
    asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(loop)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop a shared step after the last test that uses it."""
    if nextitem is None or group_of(nextitem.nodeid) != group_of(item.nodeid):
        shared_steps.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests of other steps than the chosen one. If none is chosen, deselect tests that other steps
    decide, by their markers (see pyproject.toml), and tests with a target of their own. Workers begin with
    what takes longest.
    """
    if hasattr(config, "workerinput"):
        longest_first(items)
    chosen = config.getoption("--step")
    left_out = (_is_of_another_step, _is_done_at_another_step, _is_slow)
    own_targets = {name for name in OWN_TARGETS if name not in config.option.markexpr}
    others = {
        item
        for item in items
        if any(item.get_closest_marker(name) for name in own_targets)
        or any(each(item, chosen) for each in left_out)
    }
    if others:
        config.hook.pytest_deselected(items=[*others])
        items[:] = [item for item in items if item not in others]


def _is_of_another_step(item: pytest.Item, chosen: int | None) -> bool:
    only = _only_step(item)
    return only is not None and {chosen, *_steps_of(item)} - {None, only} != set()


def _is_done_at_another_step(item: pytest.Item, chosen: int | None) -> bool:
    """Return whether no step was chosen, and this test would show nothing new at its step."""
    if chosen is not None:
        return False
    first, last = STEPS[0], STEPS[-1]
    if item.get_closest_marker("drill"):
        wanted = set(STEPS) if FULL else {last if _only_step(item) else first}
    elif item.get_closest_marker("docker"):
        wanted = set(STEPS) if FULL else {last}
    elif item.get_closest_marker("face"):
        wanted = {first, last}
    elif item.get_closest_marker("paging"):
        wanted = {0, 1}
    elif item.get_closest_marker("browser"):
        wanted = {first} if _only_step(item) is None else {_only_step(item)}
    else:
        return False
    return not _steps_of(item) <= wanted


def _is_slow(item: pytest.Item, _chosen: int | None) -> bool:
    """Return whether a test needs more time or a quieter machine than among other tests."""
    return item.get_closest_marker("slow") is not None and not FULL


def _only_step(item: pytest.Item) -> int | None:
    only = item.get_closest_marker("only_step")
    return only.args[0] if only else None


def _steps_of(item: Any) -> set[int]:
    """Return the steps that a test is for."""
    run_for = item.callspec.params.get("step") if hasattr(item, "callspec") else None
    return {run_for, _only_step(item)} - {None}


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder of the test run's own, with a free port for its MongoDB."""
    folder = tmp_path_factory.mktemp("state")
    before = dict(os.environ)
    os.environ.update(WORKSHOP_STATE=str(folder), MONGO_PORT=str(free_port()))
    yield folder
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def mongod(state_folder: Path) -> Iterator[Any]:
    """The workshop's embedded MongoDB, up for the whole test run."""
    with Mongod() as server:
        yield server.wait()


@pytest.fixture(scope="session")
def mongo_client(mongod: Any) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client with all permissions."""
    with mongod.admin() as client:
        yield client


@pytest.fixture
def database(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """A database of the test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield mongo_client[name]
    mongo_client.drop_database(name)
