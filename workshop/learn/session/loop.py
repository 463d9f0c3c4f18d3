"""`make learn` on a terminal: shows an exercise, runs its step, and checks whenever something changes."""

import queue
import threading

import click

from workshop.learn.material.exercises import Exercise, all_exercises
from workshop.learn.material.progress import Progress
from workshop.learn.material.workspace import Workspace, workspace_of
from workshop.learn.session.checking import Check, Result
from workshop.learn.session.keys import read_key, single_keys
from workshop.learn.session.running import WorkspaceRun
from workshop.learn.session.screen import KEYS, Screen, is_passed
from workshop.run.lock import running_steps

POLL_SECONDS = 0.3


class Checking:
    """A check that goes on beside the session. `new` returns what it has found since the last call."""

    def __init__(self, workspace: Workspace) -> None:
        self.found: list[Result] = []
        self.is_over = False
        self._queue: queue.Queue[Result | None] = queue.Queue()
        self._check = Check(workspace)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def new(self) -> list[Result]:
        """Return the next results. Afterwards `is_over` says whether there will be more."""
        fresh: list[Result] = []
        while not self._queue.empty():
            result = self._queue.get()
            if result is None:
                self.is_over = True
            else:
                fresh.append(result)
        self.found += fresh
        return fresh

    def cancel(self) -> None:
        """End the check, and wait until it does nothing to the step any more."""
        self._check.interrupt()
        self._thread.join()

    def _run(self) -> None:
        with self._check as check:
            for result in check.results():
                self._queue.put(result)
        self._queue.put(None)


class Session:
    """One learner's way through the exercises, from `exercise` on."""

    def __init__(self, exercise: Exercise, screen: Screen, progress: Progress) -> None:
        self._screen, self._progress = screen, progress
        self._exercise = exercise
        self._is_waiting = False
        self._checking: Checking | None = None

    def run(self) -> None:
        """Go on until the learner ends it, or everything is solved."""
        with single_keys():
            while self._work_on(self._exercise):
                left = self._progress.left()
                if not left:
                    self._screen.end()
                    return
                self._exercise = self._after(self._exercise, left)

    def _after(self, exercise: Exercise, left: list[Exercise]) -> Exercise:
        """Return the next exercise that is left, from the beginning again after the last."""
        order = all_exercises()
        return next((each for each in left if order.index(each) > order.index(exercise)), left[0])

    def _work_on(self, exercise: Exercise) -> bool:
        """Work on one exercise. Return whether the learner wants the next one."""
        workspace = workspace_of(exercise)
        workspace.create()
        self._screen.exercise(workspace)
        with WorkspaceRun(workspace) as run:
            try:
                return self._watch(workspace, run)
            finally:
                self._cancel()

    def _watch(self, workspace: Workspace, run: WorkspaceRun) -> bool:
        """Check whenever something changes, and do what keys say. Return whether the next one is wanted."""
        exercise, files, rollout = workspace.exercise, None, None
        while True:
            if not run.is_running and self._wait_for_ports():
                files = None
            elif files != (files := workspace.version()):
                self._screen.say(f"Step {exercise.step} starts with your files …", "dim")
                self._begin(workspace, run)
            elif rollout != (rollout := workspace.rollout()) and self._checking and self._checking.is_over:
                self._begin(workspace)
            if self._checking:
                self._show(self._checking, workspace, run)
            match read_key(POLL_SECONDS):
                case "q":
                    return False
                case "n":
                    return True
                case "c":
                    self._begin(workspace, None if run.is_running else run)
                case "r":
                    self._cancel()
                    run.stop()
                    self._reset(workspace)
                    files = None
                case "h":
                    self._screen.hint(exercise, self._progress)
                case "s":
                    self._screen.solution(exercise)
                case "l":
                    self._screen.list(self._progress, exercise)

    def _wait_for_ports(self) -> bool:
        """Return whether a step of the checkout itself runs, which has the ports that the copy needs."""
        runs = sorted(running_steps())
        if runs and not self._is_waiting:
            self._screen.say(
                f"Step {runs[0]} runs elsewhere, and your copy needs its ports: "
                "stop it with Ctrl-C in its terminal."
            )
        self._is_waiting = bool(runs)
        return self._is_waiting

    def _begin(self, workspace: Workspace, run: WorkspaceRun | None = None) -> None:
        """Begin another check in place of the present one; first restart the step if there is a run to
        restart.
        """
        self._cancel()
        if run:
            run.restart()
        self._checking = Checking(workspace)

    def _cancel(self) -> None:
        if self._checking:
            self._checking.cancel()
        self._checking = None

    def _show(self, check: Checking, workspace: Workspace, run: WorkspaceRun) -> None:
        was_over = check.is_over
        for result in check.new():
            self._screen.result(result)
        if was_over or not check.is_over:
            return
        exercise = workspace.exercise
        if is_passed(check.found):
            self._progress.solve(exercise)
            left = len(self._progress.left())
            self._screen.say(f"Solved: {exercise.name}. {left} left; n for the next one.", "green bold")
        elif not run.is_running:
            self._screen.say(f"    {run.why_ended()}")
            self._screen.say(f"    Its whole output is in {run.log}.", "dim")
        self._screen.say(KEYS, "dim")

    def _reset(self, workspace: Workspace) -> None:
        try:
            kept = workspace.reset()
        except click.ClickException as error:
            self._screen.say(error.message, "red")
            return
        self._progress.forget(workspace.exercise)
        self._screen.say(f"Your copy is as at the start again; what you had is in {kept}.")
