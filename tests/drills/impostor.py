"""An instance that announces itself in the registry, and that nobody has started."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from step3_async.rapids.announcer import Announcer
from step3_async.rapids.connect import connect
from step3_async.rapids.messages import Announcement


@contextmanager
def announced(service: str, url: str, nats_url: str) -> Iterator[str]:
    """Announce an instance at `url` inside the block, and yield its name."""
    found = Announcement(
        service=service,
        version="v1",
        instance=f"{service}-impostor",
        url=url,
        tags=[],
        subscriptions=[],
        state="up",
        pid=os.getpid(),
    )
    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    async def announce() -> None:
        transport = await connect(service, url=nats_url)
        announcer = Announcer(transport, lambda: found)
        await announcer.start()
        await ended.wait()
        await announcer.leave()
        await transport.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(announce()), daemon=True)
    thread.start()
    try:
        yield found.instance
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
