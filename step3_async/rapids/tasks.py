"""Helpers for tasks of asyncio: cancel them for certain, run several until one ends, wait, try again.

Before Python 3.12 `asyncio.wait_for`, which the drivers of MongoDB and NATS use, loses a cancellation that
comes at the moment at which it returns: the task goes on, and code that waits for its end waits for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_never,
    wait_exponential_jitter,
)
from tenacity.stop import StopBaseT

AGAIN_SECONDS = 5.0
"""Longer than a cancelled task needs to clean up."""


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until all have ended. Cancel them again in case a cancellation was lost."""
    left = {each for each in tasks if not each.done()}
    while left:
        for each in left:
            each.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for each in tasks:
        if not each.cancelled():
            each.exception()  # it counts as retrieved


async def until_one_ends(*works: Coroutine[Any, Any, Any]) -> None:
    """Run all of them until one ends, with or without an error; then cancel the others. Raises its error."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(*tasks)
    for each in done:
        if not each.cancelled():
            each.result()


async def wait_unless(event: asyncio.Event, seconds: float) -> None:
    """Wait for `seconds`, or until `event` is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def retrying(
    *errors: type[Exception],
    first: float = 0.05,
    most: float = 1.0,
    stop: StopBaseT = stop_never,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    on_error: Callable[[BaseException], object] | None = None,
) -> AsyncRetrying:
    """Return tenacity's loop of attempts that tries again after these errors.

    It waits `first` seconds, and longer each time, up to `most`. When `stop` says so, it raises the error.
    """

    def report(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if on_error and error:
            on_error(error)

    return AsyncRetrying(
        retry=retry_if_exception_type(errors),
        wait=wait_exponential_jitter(multiplier=first, max=most, jitter=first),
        stop=stop,
        sleep=sleep,
        before_sleep=report,
        reraise=True,
    )
