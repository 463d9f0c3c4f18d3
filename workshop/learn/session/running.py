"""Runs the step of a workspace while its exercise is worked on."""

import signal
import subprocess
import sys
import time
from typing import Self

from workshop.learn.material.workspace import Workspace
from workshop.learn.observing.failures import output, reason
from workshop.learn.session.checking import environment_of
from workshop.testbed.process import spawn

RUN_LOG = "run.log"
"""The name of the file with the run's output, in the state folder."""

POLL_SECONDS = 0.05


class WorkspaceRun:
    """The run of a workspace's step. It is started again when files have changed, and stopped at the end of
    the block. Its output goes to the file `log`.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._process: subprocess.Popen[bytes] | None = None
        self.log = workspace.state / RUN_LOG

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it has started and not ended."""
        return self._process is not None and self._process.poll() is None

    def restart(self) -> None:
        """Stop the run, if there is one, start another, and wait until a check can see that it runs."""
        self.stop()
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = spawn(
                [sys.executable, "-m", "workshop", "run", "--step", str(self._workspace.exercise.step)],
                cwd=self._workspace.folder,
                env=environment_of(self._workspace),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while self.is_running and not self._workspace.is_running:
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop the run, as Ctrl-C does."""
        if self._process:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def why_ended(self) -> str:
        """Return the reason that the run's output gives for its end."""
        return reason(output(self.log), str(self._workspace.folder))
