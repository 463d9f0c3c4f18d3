"""What the gateway of step 3 costs: beside bare proxies, and with answers from its cache.

All are single processes that take turns; what counts is the CPU time of their own process. The proxies pass
requests to the same backend, which the gateway finds in its registry as it finds services.
"""

import asyncio
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import nats
import psutil
import requests

from workshop.bench.effort import Effort
from workshop.bench.failed import NotMeasured
from workshop.bench.process import started
from workshop.bench.rebuilding import load_posts
from workshop.bench.stage import Stage, without
from workshop.bench.turns import WORDS, Cost, Server, costs
from workshop.ports import free_port
from workshop.state import folder
from workshop.steps import read_step
from workshop.stores.nats import NatsServer

STEP = 3
HEARTBEAT_SECONDS = 0.5
START_SECONDS = 30.0
BACKEND = "web-bench"
A_READER = {"Authorization": "Bearer of-bench"}
"""Whose requests no cache answers."""

CONNECTIONS = 4
"""As many at once as the gateway lets one kind of page have, so that none waits."""

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log /dev/null; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 32; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://backend; }} }}
}}
"""


def proxying(effort: Effort, stage: Stage) -> list[Cost]:
    """What passing a request on costs a bare proxy, the gateway, and nginx where there is one."""
    with ExitStack() as stack:
        port = free_port()
        stack.enter_context(_uvicorn("backend", "workshop.bench.echo:app", port))
        stack.enter_context(_announced(NatsServer().url("admin"), port))
        gateway_process = _gateway()
        stack.enter_context(without(psutil.Process(stage.run.pid), "web"))
        _await_only(BACKEND)
        bare = stack.enter_context(_bare_proxy(port))
        others = [stack.enter_context(_nginx(port))] if shutil.which("nginx") else []
        gateway = Server(
            "the gateway", f"{read_step(STEP).url}/bench/{{word}}", gateway_process, CONNECTIONS, A_READER
        )
        return costs([bare, gateway, *others], effort.proxied, effort.rounds)


def caching(effort: Effort, stage: Stage) -> list[Cost]:
    """What a search costs a hand-written server, and a gateway that has the answer."""
    load_posts(stage, min(effort.searched, effort.count))
    port, path = free_port(), "/search?q={word}"
    uri = stage.mongod.uri("step3_search")
    app = "workshop.bench.handwritten_async:make_app"
    with _uvicorn("hand-written server", app, port, "--factory", MONGODB_URI=uri) as process:
        by_hand = Server(
            "Starlette and AsyncMongoClient", f"http://127.0.0.1:{port}{path}", process, CONNECTIONS
        )
        cached = Server("the gateway's cache", f"{read_step(STEP).url}/api{path}", _gateway(), CONNECTIONS)
        _require_same([by_hand, cached])
        return costs([by_hand, cached], effort.searches, effort.rounds)


def _gateway() -> psutil.Process:
    return psutil.Process(next(each["pid"] for each in _registry() if each["service"] == "gateway"))


def _registry() -> list[dict[str, Any]]:
    told = requests.get(f"{read_step(STEP).url}/registry", timeout=10).json()
    return list(told["instances"])


def _await_only(instance: str) -> None:
    """Wait until the gateway has no other web face to pass requests to."""
    deadline = time.monotonic() + START_SECONDS
    while [each["instance"] for each in _registry() if each["service"] == "web"] != [instance]:
        if time.monotonic() > deadline:
            raise NotMeasured(f"The gateway still knows others than {instance}.")
        time.sleep(0.1)


@contextmanager
def _uvicorn(name: str, app: str, port: int, *options: str, **env: str) -> Iterator[psutil.Process]:
    command = [
        *(sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning"),
        *("--no-access-log", *options),
    ]
    with started(name, command, env) as process:
        process.await_answer(f"http://127.0.0.1:{port}/search?q={WORDS[0]}")
        yield psutil.Process(process.pid)


@contextmanager
def _bare_proxy(backend: int) -> Iterator[Server]:
    port, url = free_port(), f"http://127.0.0.1:{backend}"
    with _uvicorn("bare proxy", "workshop.bench.bareproxy:app", port, BACKEND_URL=url) as process:
        yield Server(
            "uvicorn and aiohttp", f"http://127.0.0.1:{port}/bench/{{word}}", process, CONNECTIONS, A_READER
        )


@contextmanager
def _nginx(backend: int) -> Iterator[Server]:
    port, own = free_port(), folder() / "nginx"
    own.mkdir(exist_ok=True)
    config = own / "nginx.conf"
    config.write_text(NGINX.format(folder=own, backend=backend, port=port))
    url = f"http://127.0.0.1:{port}/bench/{{word}}"
    with started("nginx", ["nginx", "-c", str(config)]) as master:
        master.await_answer(url.format(word=WORDS[0]))
        (worker,) = psutil.Process(master.pid).children()
        yield Server("nginx", url, worker, CONNECTIONS, A_READER)


@contextmanager
def _announced(nats_url: str, port: int) -> Iterator[None]:
    """A backend at that port is the web face inside the block, as far as the registry is told."""
    ended = threading.Event()
    told = {
        "service": "web", "version": "v1", "instance": BACKEND, "url": f"http://127.0.0.1:{port}",
        "tags": [], "takes": [], "state": "up", "pid": os.getpid(),
    }  # fmt: skip

    async def announce() -> None:
        connection = await nats.connect(nats_url)
        while not ended.is_set():
            await connection.publish(f"registry.heartbeat.web.{BACKEND}", json.dumps(told).encode())
            await asyncio.sleep(HEARTBEAT_SECONDS)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(announce()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _require_same(servers: Sequence[Server]) -> None:
    """Refuse to compare answers that are not the same posts."""
    for word in WORDS:
        found = [[post["_id"] for post in server.ask(word)["_items"]] for server in servers]
        if any(each != found[0] for each in found) or len(found[0]) != 25:
            raise NotMeasured(f"The servers differ in what they find for {word!r}.")
