"""A server that responds to every request at once with the same page: what the generator can do shows on it.

Run as `python -m workshop.compare.instrument.null_server [--delay SECONDS] [--posts COUNT]`. It prints its
port. With a delay, each response comes so much later.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import cast

from workshop.compare.instrument.job import Job
from workshop.compare.system import cores
from workshop.compare.workload.mix import compared_paths, search_path
from workshop.testbed.process import StartedProcess, started

MODULE = "workshop.compare.instrument.null_server"
HOST = "127.0.0.1"
BACKLOG = 4096
POSTS = 25
TEXT = "x" * 600
"""A post takes about as much room as those of the steps."""

WORDS = ("null", "zero", "nothing")
SEARCHED = search_path(WORDS[0])


@contextmanager
def null_server(delay: float = 0.0) -> Iterator[tuple[StartedProcess, str]]:
    """Run the server inside the block, on the cores of the measured system. Yield its process and address."""
    command = [sys.executable, "-m", MODULE, "--delay", str(delay)]
    with ExitStack() as stack:
        with cores.on(cores.SYSTEM):
            server = stack.enter_context(started("null server", command))
        server.await_line()
        yield server, f"http://{HOST}:{int(server.log.read_text())}"


def null_job(base: str, rate: float, seconds: float) -> Job:
    """Return a load for the server. Bodies are checked, as those of the steps are."""
    pages = {path: ids(POSTS) for path in compared_paths(WORDS)}
    mix = {"search": 60.0, "list": 20.0}
    return Job(base, rate, seconds, signed=0.0, mix=mix, seed=1, words=WORDS, expected=pages, warm_up=1.0)


def ids(count: int) -> list[str]:
    """Return the ids of the posts of the page."""
    return [f"t3_null{number}" for number in range(count)]


def response(posts: int) -> bytes:
    """Return the response: a page of so many posts."""
    items = [{"_id": each, "title": "Nothing", "text": TEXT} for each in ids(posts)]
    body = json.dumps({"_items": items, "_meta": {"total": posts}}, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Null(asyncio.Protocol):
    """A connection. Requests have no body."""

    def __init__(self, response: bytes, delay: float) -> None:
        self._response, self._delay = response, delay
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for _ in requests:
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, self._response)
            else:
                self._transport.write(self._response)


async def serve(posts: int, delay: float) -> None:
    """Serve until the process ends."""
    fixed = response(posts)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Null(fixed, delay), HOST, 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--posts", type=int, default=POSTS)
    chosen = parser.parse_args()
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(serve(chosen.posts, chosen.delay))
    else:
        uvloop.run(serve(chosen.posts, chosen.delay))


if __name__ == "__main__":
    main()
