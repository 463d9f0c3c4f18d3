"""Cancelling tasks for sure.

Before Python 3.12 `asyncio.wait_for`, which the drivers of MongoDB and NATS use, loses a cancellation that
comes at the moment at which it returns: the task goes on as if nothing had been said, and whoever waits for
its end waits for ever.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

AGAIN_SECONDS = 5.0
"""Longer than a task that was told needs to clear up."""


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, again where that is lost, and wait until all have ended, whatever came of them."""
    left = {each for each in tasks if not each.done()}
    while left:
        for each in left:
            each.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for each in tasks:
        if not each.cancelled():
            each.exception()  # it counts as seen


async def until_one_ends(*works: Coroutine[Any, Any, Any]) -> None:
    """Do all at once until one of them ends, in whatever way; then end the others. Raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(*tasks)
    for each in done:
        if not each.cancelled():
            each.result()
