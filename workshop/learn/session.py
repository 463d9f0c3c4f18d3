"""`make learn` on a terminal: shows an exercise, runs its step, and checks whenever something changes."""

import queue
import threading
from contextlib import ExitStack

from workshop.learn.checking import Result, results
from workshop.learn.exercises import Exercise, all_exercises
from workshop.learn.keys import read_key, single_keys
from workshop.learn.progress import Progress
from workshop.learn.running import WorkspaceRun
from workshop.learn.screen import KEYS, Screen, is_passed
from workshop.learn.workspace import Workspace, workspace_of
from workshop.run.lock import running_steps

POLL_SECONDS = 0.3


class Check:
    """A check that goes on beside the session. `new` returns what it has found since the last call."""

    def __init__(self, workspace: Workspace) -> None:
        self.found: list[Result] = []
        self._queue: queue.Queue[Result | None] = queue.Queue()
        self._ended = threading.Event()
        self.is_over = False
        threading.Thread(target=self._run, args=(workspace,), daemon=True).start()

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
        """End the check. What it still finds does not count."""
        self._ended.set()

    def _run(self, workspace: Workspace) -> None:
        checking = results(workspace)
        for result in checking:
            if self._ended.is_set():
                checking.close()
                break
            self._queue.put(result)
        self._queue.put(None)


class Session:
    """One learner's way through the exercises, from `exercise` on."""

    def __init__(self, exercise: Exercise, screen: Screen, progress: Progress) -> None:
        self._screen, self._progress = screen, progress
        self._exercise = exercise
        self._is_waiting = False

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
        with ExitStack() as stack:
            run = stack.enter_context(WorkspaceRun(workspace))
            files, rollout, check = None, None, None
            while True:
                if not run.is_running and self._wait_for_ports():
                    files = None
                elif files != (files := workspace.version()):
                    self._screen.say(f"Step {exercise.step} starts with your files …", "dim")
                    check = self._again(check, workspace, run)
                elif rollout != (rollout := workspace.rollout()) and check and check.is_over:
                    check = self._again(check, workspace)
                if check:
                    self._show(check, workspace, run)
                match read_key(POLL_SECONDS):
                    case "q":
                        return False
                    case "n":
                        return True
                    case "c":
                        check = self._again(check, workspace, None if run.is_running else run)
                    case "r":
                        run.stop()
                        self._say_kept(workspace)
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

    def _again(self, check: Check | None, workspace: Workspace, run: WorkspaceRun | None = None) -> Check:
        """Begin another check in place of this one; first restart the step if there is a run to restart."""
        if check:
            check.cancel()
        if run:
            run.restart()
        return Check(workspace)

    def _show(self, check: Check, workspace: Workspace, run: WorkspaceRun) -> None:
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

    def _say_kept(self, workspace: Workspace) -> None:
        kept = workspace.reset()
        self._progress.forget(workspace.exercise)
        self._screen.say(f"Your copy is as at the start again; what you had is in {kept}.")
