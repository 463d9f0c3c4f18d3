"""Signals and questions in memory."""

import asyncio
from collections.abc import Callable
from itertools import count

from step3_async.rapids.cancelling import cancel
from step3_async.rapids.transport import Answer, Hear

Ear = Callable[[str, bytes], None]


class Signals:
    """Who listens to what, and who answers."""

    def __init__(self) -> None:
        self._ears: list[tuple[str, Ear]] = []
        self._answers: list[tuple[str, Answer, Callable[[], bool]]] = []
        self._turns = count()

    def tell(self, topic: str, text: bytes) -> None:
        """Signal to all who listen."""
        for pattern, ear in list(self._ears):
            if matches(pattern, topic):
                ear(topic, text)

    def hear(self, pattern: str, ear: Ear) -> None:
        """Listen."""
        self._ears.append((pattern, ear))

    def answer(self, topic: str, answer: Answer, connected: Callable[[], bool]) -> None:
        """Answer questions while `connected`."""
        self._answers.append((topic, answer, connected))

    def answerer(self, topic: str) -> Answer | None:
        """One of those who answer now, in turn."""
        there = [answer for known, answer, connected in self._answers if known == topic and connected()]
        return there[next(self._turns) % len(there)] if there else None


class Listener:
    """Has a signal's hearer called with one after another, as a connection does."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._task = asyncio.create_task(self._go_on())

    def take(self, topic: str, text: bytes) -> None:
        """Something was told."""
        self._waiting.put_nowait((topic, text))

    async def close(self) -> None:
        """Listen no more."""
        await cancel(self._task)

    async def _go_on(self) -> None:
        while True:
            await self._hear(*await self._waiting.get())


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic is one of those that a pattern stands for."""
    wanted, given = pattern.split("."), topic.split(".")
    if wanted[-1] == ">":
        wanted, rest = wanted[:-1], given[len(wanted) - 1 :]
        return bool(rest) and _match(wanted, given[: len(wanted)])
    return _match(wanted, given)


def _match(wanted: list[str], given: list[str]) -> bool:
    return len(wanted) == len(given) and all(
        each in ("*", word) for each, word in zip(wanted, given, strict=True)
    )
