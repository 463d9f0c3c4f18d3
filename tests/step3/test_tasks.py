"""Tasks end even if their first cancellation is lost."""

import asyncio

import pytest

from step3_async.rapids import tasks
from step3_async.rapids.tasks import cancel, until_one_ends

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.05)


async def lose_the_first(lost: list[str]) -> None:
    """Lose the first cancellation, as `asyncio.wait_for` may before Python 3.12."""
    try:
        await asyncio.sleep(PATIENCE * 2)
    except asyncio.CancelledError:
        lost.append("a cancellation")
    await asyncio.sleep(PATIENCE * 2)


async def fail() -> None:
    raise ValueError("over")


def test_a_task_that_loses_its_cancellation_ends() -> None:
    async def main() -> None:
        lost: list[str] = []
        task = asyncio.create_task(lose_the_first(lost))
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            await cancel(task)
        assert lost == ["a cancellation"]
        assert task.cancelled()

    asyncio.run(main())


def test_ended_task_is_left_unchanged() -> None:
    async def main() -> None:
        task = asyncio.create_task(fail())
        await asyncio.wait({task})
        await cancel(task)
        assert isinstance(task.exception(), ValueError)

    asyncio.run(main())


def test_error_of_one_task_ends_all_and_is_raised() -> None:
    async def main() -> None:
        lost: list[str] = []
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ValueError, match="over"):
                await until_one_ends(lose_the_first(lost), fail())
        assert lost == ["a cancellation"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_task_that_cancels_itself_ends_all_without_an_error() -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        async with asyncio.timeout(PATIENCE):
            await until_one_ends(lose_the_first([]), give_up())

    asyncio.run(main())


def test_cancelled_waiter_ends_all_tasks() -> None:
    async def main() -> None:
        lost: list[str] = []
        waiting = asyncio.create_task(until_one_ends(lose_the_first(lost)))
        await asyncio.sleep(0.01)
        waiting.cancel()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
