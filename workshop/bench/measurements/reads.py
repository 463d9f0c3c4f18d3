"""Measures what a page of 25 found posts costs: the CPU time of the server's process, request by request.

The contenders are real servers over the same posts, each gunicorn with one worker of one thread. They take
turns. The database's own work is not counted.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from pymongo.collection import Collection

from workshop.bench.effort import Effort
from workshop.bench.measurements.cpu_cost import WORDS, Cost, Server, costs
from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading
from workshop.ports import free_port
from workshop.testbed.process import NotMeasured, started

CHECK = ("_id", "_etag", "title", "text", "score")


@dataclass(frozen=True)
class Contender:
    """A server: `app` as gunicorn names it, and the `path` of a search with `{word}` in it."""

    name: str
    app: str
    path: str
    env: Mapping[str, str] = field(default_factory=dict)


CONTENDERS = (
    Contender("hand-written Flask", "workshop.bench.baselines.flask_search:make_app()", "/search?q={word}"),
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
        "Eve without changes",
        "workshop.bench.baselines.plain_eve:make_app()",
        '/posts?where={{"$text":{{"$search":"{word}"}}}}',
    ),
)


def measure_reads(posts: Collection[dict[str, Any]], uri: str, count: int, effort: Effort) -> list[Cost]:
    """Return what a page costs each of CONTENDERS.

    `posts` is an empty collection called `posts` with the application's indexes, into which `count` posts are
    loaded. `uri` is its database's address. Raises NotMeasured when contenders return different posts.
    """
    Loading(GeneratedSource(count), posts).run()
    with ExitStack() as stack:
        servers = [stack.enter_context(_serve(each, uri)) for each in CONTENDERS]
        _require_same_posts(servers)
        return costs(servers, effort.requests, effort.rounds)


@contextmanager
def _serve(contender: Contender, uri: str) -> Iterator[Server]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        f"--bind=127.0.0.1:{port}",
        "--workers=1",
        "--worker-class=gthread",
        "--threads=1",
        "--keep-alive=60",
        "--no-control-socket",
        "--log-level=error",
        contender.app,
    ]
    url = f"http://127.0.0.1:{port}{contender.path}"
    with started(contender.name, command, {"MONGODB_URI": uri, **contender.env}) as server:
        server.await_response(url.format(word=WORDS[0]))
        (worker,) = psutil.Process(server.pid).children()
        yield Server(contender.name, url, worker)


def _require_same_posts(servers: list[Server]) -> None:
    """Raise NotMeasured when the servers find different posts."""
    for word in WORDS:
        responses = [server.get(word) for server in servers]
        pages = [[[post[name] for name in CHECK] for post in response["_items"]] for response in responses]
        totals = {response["_meta"]["total"] for response in responses}
        if any(page != pages[0] for page in pages) or len(pages[0]) != 25 or len(totals) != 1:
            raise NotMeasured(f"The contenders find different posts for {word!r}.")
