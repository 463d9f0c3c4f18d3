"""Runs the check of an exercise in its workspace."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from workshop.learn.material.workspace import Workspace
from workshop.testbed.process import spawn

LAST_CHARACTERS = 2000


@dataclass(frozen=True)
class Result:
    """A rule that was checked, and what is missing, None if the step keeps it."""

    rule: str
    missing: str | None


class Check:
    """The check of an exercise in its workspace, which begins at once. It ends with its block."""

    def __init__(self, workspace: Workspace) -> None:
        self._process = spawn(
            [sys.executable, "-m", "workshop.learn", str(workspace.exercise.folder)],
            cwd=workspace.folder,
            env=environment_of(workspace),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.interrupt()
        self._process.communicate()

    def results(self) -> Iterator[Result]:
        """Yield the results of the rules in their order, up to the first that is not kept."""
        other = ""
        for line in self._process.stdout or ():
            if line.startswith("{"):
                yield Result(**json.loads(line))
            else:
                other += line
        if self._process.wait():
            yield Result("The check runs to its end.", f"It did not: {other.strip()[-LAST_CHARACTERS:]}")

    def interrupt(self) -> None:
        """End it, in any thread. First it stops what it has started."""
        self._process.terminate()


def results(workspace: Workspace) -> Iterator[Result]:
    """Check the rules of the workspace's exercise in their order, up to the first that is not kept. To close
    the generator ends the check.
    """
    with Check(workspace) as check:
        yield from check.results()


def environment_of(workspace: Workspace) -> dict[str, str]:
    """Return the environment of the workspace's processes: the caller's, with a state folder of its own."""
    return {**os.environ, "WORKSHOP_STATE": str(workspace.state)}
