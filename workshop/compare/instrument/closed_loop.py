"""A closed loop, for comparison only: each connection sends its next request when it has a response.

Most tools measure in this way. While a server stalls, they send nothing, so hardly any request meets the
stall.
"""

import asyncio
import time

import aiohttp

from workshop.compare.system import cores


def closed_loop_p99_ms(url: str, connections: int, seconds: float) -> float:
    """Return the 99th percentile of the latencies that a closed loop finds."""
    with cores.on(cores.GENERATOR):
        latencies = sorted(asyncio.run(_send(url, connections, seconds)))
    return 1000 * latencies[int(0.99 * len(latencies))]


async def _send(url: str, connections: int, seconds: float) -> list[float]:
    latencies: list[float] = []
    end = time.perf_counter() + seconds
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:

        async def connection() -> None:
            while (sent := time.perf_counter()) < end:
                async with session.get(url) as response:
                    await response.read()
                latencies.append(time.perf_counter() - sent)

        await asyncio.gather(*(connection() for _ in range(connections)))
    return latencies
