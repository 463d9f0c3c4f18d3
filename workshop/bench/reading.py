"""What it costs to read a page of 25 found posts: the CPU time of the server's process, request by request.

The contenders are real servers, each gunicorn with one worker of one thread, over the same posts. They take
turns, so that whatever else the machine does falls on all alike. The database's own work is not counted.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import psutil
import requests
from pymongo.collection import Collection

from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading
from workshop.ports import free_port
from workshop.state import ROOT

ROUNDS = 9
REQUESTS = 120
"""Requests of one contender in one round: enough for the clock that counts CPU time in hundredths."""

WORDS = ("python", "cache", "service", "server", "query", "test")
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


def reading_costs(posts: Collection[dict[str, Any]], uri: str, count: int) -> dict[str, float]:
    """CPU microseconds a request by contender, each the median over ROUNDS rounds of taking turns.

    `posts` is an empty collection called `posts` with the application's indexes, which gets `count` posts;
    `uri` is its database's address. Raises RuntimeError when contenders answer different posts.
    """
    Loading(GeneratedSource(count), posts).run()
    with ExitStack() as stack:
        servers = [stack.enter_context(_served(each, uri)) for each in CONTENDERS]
        _require_same(servers)
        rounds = [[server.cost() for server in servers] for _ in range(ROUNDS)]
    ratios = {
        f"{server.contender.name} (ratio)": median(costs[place] / costs[0] for costs in rounds)
        for place, server in enumerate(servers)
    }
    costs = {
        server.contender.name: median(costs[place] for costs in rounds)
        for place, server in enumerate(servers)
    }
    return costs | ratios


class _Server:
    def __init__(self, contender: Contender, url: str, worker: psutil.Process) -> None:
        self.contender, self._url, self._worker = contender, url, worker
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, word: str) -> Any:
        answer = self._session.get(self._url + self.contender.path.format(word=word), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def cost(self) -> float:
        before = self._used()
        for number in range(REQUESTS):
            self.ask(WORDS[number % len(WORDS)])
        return (self._used() - before) / REQUESTS * 1e6

    def _used(self) -> float:
        times = self._worker.cpu_times()
        return float(times.user + times.system)


@contextmanager
def _served(contender: Contender, uri: str) -> Iterator[_Server]:
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
        yield _Server(contender, f"http://127.0.0.1:{port}", _worker(master, contender, port))
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


def _require_same(servers: list[_Server]) -> None:
    """Refuse to compare answers that are not the same posts."""
    for word in WORDS:
        answers = [server.ask(word) for server in servers]
        pages = [[[post[name] for name in CHECK] for post in answer["_items"]] for answer in answers]
        totals = {answer["_meta"]["total"] for answer in answers}
        if any(page != pages[0] for page in pages) or len(pages[0]) != 25 or len(totals) != 1:
            raise RuntimeError(f"The contenders differ in what they find for {word!r}.")
