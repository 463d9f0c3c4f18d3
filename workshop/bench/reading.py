"""What it costs to read a page of 25 found posts: the CPU time of the server's process, request by request.

The contenders are real servers, each gunicorn with one worker of one thread, over the same posts. They take
turns. The database's own work is not counted.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
import requests
from pymongo.collection import Collection

from workshop.bench.turns import WORDS, Cost, Server, costs
from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading
from workshop.ports import free_port
from workshop.state import ROOT

START_SECONDS = 30.0

CHECK = ("_id", "_etag", "title", "text", "score")


@dataclass(frozen=True)
class Contender:
    """A server: `app` as gunicorn names it, the `path` and the query of a search with `{word}` in it."""

    name: str
    app: str
    path: str
    env: Mapping[str, str] = field(default_factory=dict)


CONTENDERS = (
    Contender("hand-written Flask", "workshop.bench.handwritten:make_app()", "/search?q={word}"),
    Contender(
        "step 1's Eve API",
        "step1_rest.api.app:make_app()",
        "/search?q={word}",
        {"TOKEN_KEY": "A" * 43, "LOG_LEVEL": "WARNING"},
    ),
    Contender(
        "step 2's service search",
        "step2_services.search.service:make_app()",
        "/search?q={word}",
        {"VERSION": "v2", "LOG_LEVEL": "WARNING"},
    ),
    Contender(
        "Eve as it comes",
        "workshop.bench.plain_eve:make_app()",
        '/posts?where={{"$text":{{"$search":"{word}"}}}}',
    ),
)


def reading_costs(posts: Collection[dict[str, Any]], uri: str, count: int) -> list[Cost]:
    """What a page costs each of CONTENDERS.

    `posts` is an empty collection called `posts` with the application's indexes, which gets `count` posts;
    `uri` is its database's address. Raises RuntimeError when contenders answer different posts.
    """
    Loading(GeneratedSource(count), posts).run()
    with ExitStack() as stack:
        servers = [stack.enter_context(_served(each, uri)) for each in CONTENDERS]
        _require_same(servers)
        return costs(servers)


@contextmanager
def _served(contender: Contender, uri: str) -> Iterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"),
        *("--worker-class", "gthread", "--threads", "1", "--keep-alive", "60", "--no-control-socket"),
        *("--log-level", "error", contender.app),
    ]
    env = {**os.environ, **contender.env, "MONGODB_URI": uri}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    master = subprocess.Popen(command, env=env, cwd=ROOT)
    try:
        yield Server(
            contender.name, f"http://127.0.0.1:{port}{contender.path}", _worker(master, contender, port)
        )
    finally:
        master.terminate()
        master.wait(timeout=30)


def _worker(master: subprocess.Popen[bytes], contender: Contender, port: int) -> psutil.Process:
    deadline = time.monotonic() + START_SECONDS
    url = f"http://127.0.0.1:{port}{contender.path.format(word=WORDS[0])}"
    while time.monotonic() < deadline and master.poll() is None:
        try:
            if requests.get(url, timeout=5).ok and (workers := psutil.Process(master.pid).children()):
                return workers[0]
        except requests.RequestException:
            time.sleep(0.1)
    raise RuntimeError(f"{contender.name} did not start.")


def _require_same(servers: list[Server]) -> None:
    """Refuse to compare answers that are not the same posts."""
    for word in WORDS:
        answers = [server.ask(word) for server in servers]
        pages = [[[post[name] for name in CHECK] for post in answer["_items"]] for answer in answers]
        totals = {answer["_meta"]["total"] for answer in answers}
        if any(page != pages[0] for page in pages) or len(pages[0]) != 25 or len(totals) != 1:
            raise RuntimeError(f"The contenders differ in what they find for {word!r}.")
