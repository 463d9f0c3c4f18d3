"""Waiting that ends early when there is no reason to wait any more."""

import asyncio


async def pause(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait for so long, or until `stopping`; whether it is that."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return False
    return True
