"""Asking several services at the same time."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from kit.http.gaps import note_gap
from kit.http.problems import DependencyTimeout, DependencyUnavailable

Answer = TypeVar("Answer")

AT_ONCE = 32


class Together:
    """A pool of threads for all requests of a process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="together")

    def ask(self, calls: Mapping[str, Callable[[], Answer]]) -> dict[str, Answer]:
        """The answers by service; who is away has none, which is noted as a gap. Raises other Problems."""
        if len(calls) == 1:
            asked = dict(calls)
        else:
            # Each call knows of the request that it is done for: its id, and the versions it asks for.
            asked = {name: self._pool.submit(copy_context().run, call).result for name, call in calls.items()}
        answers: dict[str, Answer] = {}
        for name, answer in asked.items():
            try:
                answers[name] = answer()
            except (DependencyUnavailable, DependencyTimeout):
                note_gap(f"The {name} service")
        return answers
