"""Runs the check of an exercise in its workspace."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass

from workshop.learn.workspace import Workspace
from workshop.testbed.process import spawn

LAST_CHARACTERS = 2000


@dataclass(frozen=True)
class Result:
    """A rule that was checked, and what is missing, None if the step keeps it."""

    rule: str
    missing: str | None


def results(workspace: Workspace) -> Generator[Result, None, None]:
    """Check the rules of the workspace's exercise in their order, up to the first that is not kept. To close
    the generator ends the check.
    """
    process = spawn(
        [sys.executable, "-m", "workshop.learn", str(workspace.exercise.folder)],
        cwd=workspace.folder,
        env=environment_of(workspace),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    other = ""
    try:
        for line in process.stdout or ():
            if line.startswith("{"):
                yield Result(**json.loads(line))
            else:
                other += line
        if process.wait():
            yield Result("The check runs to its end.", f"It did not: {other.strip()[-LAST_CHARACTERS:]}")
    finally:
        process.terminate()
        process.communicate()


def environment_of(workspace: Workspace) -> dict[str, str]:
    """Return the environment of the workspace's processes: the caller's, with a state folder of its own."""
    return {**os.environ, "WORKSHOP_STATE": str(workspace.folder / ".state")}
