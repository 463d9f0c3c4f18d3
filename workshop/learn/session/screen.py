"""What `make learn` and `make check` print."""

from collections.abc import Iterable

from rich.console import Console
from rich.markdown import Markdown

from workshop.learn.material.exercises import Exercise, all_exercises
from workshop.learn.material.progress import Progress
from workshop.learn.material.workspace import Workspace, solution_diff
from workshop.learn.session.checking import Result

KEYS = "h hint · s solution · c check again · n next · l list · r start again · q quit"
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class Screen:
    """Prints for people: with colours on a terminal, plain text otherwise."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=not Console().is_terminal)

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line."""
        self._console.print(text, style=style)

    def exercise(self, workspace: Workspace) -> None:
        """Print the task, and where the learner's copy is."""
        exercise = workspace.exercise
        self._console.rule(f"{exercise.name}  {exercise.title}", align="left")
        self.markdown(exercise.task())
        self.say()
        self.say(f"Your copy is in work/{exercise.name}; about {exercise.minutes} minutes. Files to edit:")
        for path in exercise.edit:
            self.say(f"  work/{exercise.name}/{exercise.step_folder}/{path}", "bold")
        self.say()

    def markdown(self, text: str) -> None:
        """Print Markdown; on anything but a terminal as it is."""
        self._console.print(Markdown(text) if self._console.is_terminal else text)

    def result(self, result: Result) -> None:
        """Print a rule, and what is missing."""
        if result.missing is None:
            self.say(f"  ✔ {result.rule}", "green")
            return
        self.say(f"  ✘ {result.rule}", "red bold")
        for line in result.missing.splitlines():
            self.say(f"    {line}")

    def hint(self, exercise: Exercise, progress: Progress) -> None:
        """Print the next hint."""
        hints = exercise.hints()
        index = progress.next_hint(exercise)
        self.say(f"Hint {index + 1} of {len(hints)}", "yellow")
        self.markdown(hints[index])

    def solution(self, exercise: Exercise) -> None:
        """Print what the solution changes."""
        self.say(f"One solution of {exercise.name}: what it changes in your copy", "yellow")
        for line in solution_diff(exercise):
            self.say(line, DIFF_STYLES.get(line[:1], ""))

    def list(self, progress: Progress, present: Exercise | None = None) -> None:
        """Print all exercises, and which are solved."""
        for each in all_exercises():
            mark = "✔" if progress.is_solved(each) else " "
            here = "  <- here" if each is present else ""
            self.say(f"  {mark} {each.name}  {each.title} ({each.minutes} min){here}")

    def end(self) -> None:
        """Print the last word."""
        self.say("All exercises are solved.", "green bold")
        self.say("You have a monolith, an API, services and events, and you have changed each of them.")
        self.say("Which of them does your next system need? `make compare` has the figures for it.")


def is_passed(results: Iterable[Result]) -> bool:
    """Return whether rules were checked, and all are kept."""
    found = [each.missing is None for each in results]
    return bool(found) and all(found)
