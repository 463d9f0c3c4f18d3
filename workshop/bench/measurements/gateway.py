"""Measures what the gateway of step 3 costs: beside bare proxies, and with responses from its cache.

All are single processes that take turns; only the CPU time of their own process counts. The proxies pass
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
from workshop.bench.measurements.cpu_cost import WORDS, Cost, Server, costs
from workshop.bench.measurements.rebuilding import load_posts
from workshop.ports import free_port
from workshop.state import folder
from workshop.steps import read_step
from workshop.stores.nats import NatsServer
from workshop.testbed.process import NotMeasured, started
from workshop.testbed.step import RunningStep, without_service

STEP = 3
HEARTBEAT_SECONDS = 0.5
START_SECONDS = 30.0
BACKEND = "web-bench"
READER_HEADERS = {"Authorization": "Bearer of-bench"}
"""No cache responds to requests of a reader."""

CONNECTIONS = 4
"""The number of connections: as many as the gateway allows for pages of one kind, so that no request
waits.
"""

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


def measure_proxying(effort: Effort, step3: RunningStep) -> list[Cost]:
    """Return what one passed request costs a bare proxy, the gateway, and nginx if it is installed."""
    with ExitStack() as stack:
        port = free_port()
        stack.enter_context(_uvicorn("backend", "workshop.bench.baselines.echo:app", port))
        stack.enter_context(_registered(NatsServer().url("admin"), port))
        gateway_process = _gateway()
        stack.enter_context(without_service(psutil.Process(step3.run.pid), "web"))
        _await_only_instance(BACKEND)
        bare = stack.enter_context(_bare_proxy(port))
        others = [stack.enter_context(_nginx(port))] if shutil.which("nginx") else []
        gateway = Server(
            name="the gateway",
            url=f"{read_step(STEP).url}/bench/{{word}}",
            process=gateway_process,
            connections=CONNECTIONS,
            headers=READER_HEADERS,
        )
        return costs([bare, gateway, *others], effort.proxy_requests, effort.rounds)


def measure_caching(effort: Effort, step3: RunningStep) -> list[Cost]:
    """Return what a search costs a hand-written server, and a gateway that has cached it."""
    load_posts(step3, min(effort.searched_posts, effort.count))
    port, path = free_port(), "/search?q={word}"
    uri = step3.mongod.uri("step3_search")
    app = "workshop.bench.baselines.starlette_search:make_app"
    with _uvicorn("hand-written server", app, port, "--factory", MONGODB_URI=uri) as process:
        handwritten = Server(
            "Starlette and AsyncMongoClient", f"http://127.0.0.1:{port}{path}", process, CONNECTIONS
        )
        cached = Server("the gateway's cache", f"{read_step(STEP).url}/api{path}", _gateway(), CONNECTIONS)
        _require_same_posts([handwritten, cached])
        return costs([handwritten, cached], effort.cache_requests, effort.rounds)


def _gateway() -> psutil.Process:
    return psutil.Process(next(each["pid"] for each in _registry() if each["service"] == "gateway"))


def _registry() -> list[dict[str, Any]]:
    heartbeat = requests.get(f"{read_step(STEP).url}/registry", timeout=10).json()
    return list(heartbeat["instances"])


def _await_only_instance(instance: str) -> None:
    """Wait until the gateway knows no other web face."""
    deadline = time.monotonic() + START_SECONDS
    while [each["instance"] for each in _registry() if each["service"] == "web"] != [instance]:
        if time.monotonic() > deadline:
            raise NotMeasured(f"The gateway still knows other instances than {instance}.")
        time.sleep(0.1)


@contextmanager
def _uvicorn(name: str, app: str, port: int, *options: str, **env: str) -> Iterator[psutil.Process]:
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        f"--port={port}",
        "--log-level=warning",
        "--no-access-log",
        *options,
    ]
    with started(name, command, env) as process:
        process.await_response(f"http://127.0.0.1:{port}/search?q={WORDS[0]}")
        yield psutil.Process(process.pid)


@contextmanager
def _bare_proxy(backend: int) -> Iterator[Server]:
    port, url = free_port(), f"http://127.0.0.1:{backend}"
    with _uvicorn("bare proxy", "workshop.bench.baselines.proxy:app", port, BACKEND_URL=url) as process:
        yield Server(
            name="uvicorn and aiohttp",
            url=f"http://127.0.0.1:{port}/bench/{{word}}",
            process=process,
            connections=CONNECTIONS,
            headers=READER_HEADERS,
        )


@contextmanager
def _nginx(backend: int) -> Iterator[Server]:
    port, own = free_port(), folder() / "nginx"
    own.mkdir(exist_ok=True)
    config = own / "nginx.conf"
    config.write_text(NGINX.format(folder=own, backend=backend, port=port))
    url = f"http://127.0.0.1:{port}/bench/{{word}}"
    with started("nginx", ["nginx", "-c", str(config)]) as master:
        master.await_response(url.format(word=WORDS[0]))
        (worker,) = psutil.Process(master.pid).children()
        yield Server("nginx", url, worker, CONNECTIONS, READER_HEADERS)


@contextmanager
def _registered(nats_url: str, port: int) -> Iterator[None]:
    """Register a backend at that port as the web face inside the block."""
    ended = threading.Event()
    heartbeat = {
        "service": "web", "version": "v1", "instance": BACKEND, "url": f"http://127.0.0.1:{port}",
        "tags": [], "subscriptions": [], "state": "up", "pid": os.getpid(),
        "paths": [{"template": "/{page:path}", "below": ""}],
    }  # fmt: skip

    async def announce() -> None:
        connection = await nats.connect(nats_url)
        while not ended.is_set():
            await connection.publish(f"registry.heartbeat.web.{BACKEND}", json.dumps(heartbeat).encode())
            await asyncio.sleep(HEARTBEAT_SECONDS)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(announce()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _require_same_posts(servers: Sequence[Server]) -> None:
    """Raise NotMeasured when the servers find different posts."""
    for word in WORDS:
        found = [[post["_id"] for post in server.get(word)["_items"]] for server in servers]
        if any(each != found[0] for each in found) or len(found[0]) != 25:
            raise NotMeasured(f"The servers find different posts for {word!r}.")
