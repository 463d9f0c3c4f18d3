"""Steps in containers, on a real engine."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.docker.images import variables
from tests.docker.running_containers import RunningContainers

__all__ = ["running"]


def missing() -> str | None:
    """Return what this machine lacks, None if it lacks nothing."""
    if shutil.which("docker") is None:
        return "there is no docker"
    done = subprocess.run(["docker", "info"], capture_output=True, timeout=60, check=False)
    return None if done.returncode == 0 else "no Docker engine responds"


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which steps run: a state folder of their own, and images that can be had."""
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("containers")
    yield {**os.environ, **variables(), "WORKSHOP_STATE": str(folder / "state")}
    subprocess.run(["docker", "builder", "prune", "--force"], capture_output=True, check=False)


@pytest.fixture(scope="session")
def running(step: int, environment: dict[str, str]) -> Iterator[RunningContainers]:
    with RunningContainers(step, environment) as running:
        yield running
