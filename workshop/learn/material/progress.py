"""What the learner has done: `work/progress.json`."""

import json
from pathlib import Path
from typing import Any

from workshop import state
from workshop.learn.material.exercises import Exercise, all_exercises
from workshop.learn.material.workspace import WORK


class Progress:
    """Which exercises are solved, and how many hints were shown of each."""

    def __init__(self, work: Path = WORK) -> None:
        self._path = work / "progress.json"
        known: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._solved: list[str] = known.get("solved", [])
        self._hints: dict[str, int] = known.get("hints", {})

    def is_solved(self, exercise: Exercise) -> bool:
        """Return whether a check of it has passed."""
        return exercise.name in self._solved

    def solve(self, exercise: Exercise) -> None:
        """Note that a check has passed."""
        if not self.is_solved(exercise):
            self._solved.append(exercise.name)
            self._save()

    def next_hint(self, exercise: Exercise) -> int:
        """Return the index of the next hint, and note that it was shown. After the last comes the first."""
        index = self._hints.get(exercise.name, 0)
        self._hints[exercise.name] = (index + 1) % max(len(exercise.hints()), 1)
        self._save()
        return index

    def forget(self, exercise: Exercise) -> None:
        """Forget that it was solved, and its hints."""
        self._solved = [name for name in self._solved if name != exercise.name]
        self._hints.pop(exercise.name, None)
        self._save()

    def left(self) -> list[Exercise]:
        """Return the exercises that are not solved."""
        return [each for each in all_exercises() if not self.is_solved(each)]

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        state.write_private(self._path, json.dumps({"solved": self._solved, "hints": self._hints}, indent=1))
