"""What the gateway of step 3 costs: beside bare proxies, and with answers from its cache.

All are single processes that take turns; what counts is the CPU time of their own process. The proxies pass
requests to the same backend, which the gateway finds in its registry as it finds services.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import nats
import psutil
import requests

from workshop.bench.stage import await_ready, own_state, running, without
from workshop.bench.turns import WORDS, Cost, Server, costs
from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading
from workshop.ports import free_port
from workshop.state import ROOT, folder
from workshop.steps import read_step
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer

STEP = 3
CACHED_POSTS = 5_000
HEARTBEAT_SECONDS = 0.5
START_SECONDS = 30.0
BACKEND = "web-bench"
A_READER = {"Authorization": "Bearer of-bench"}
"""Whose requests no cache answers."""

REQUESTS, SEARCHES, CONNECTIONS = 4000, 500, 4
"""Of one server in one round: many, as each takes little; and as many at once as the gateway lets one kind of
page have, so that none waits.
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


def proxying() -> list[Cost]:
    """What passing a request on costs a bare proxy, the gateway, and nginx where there is one."""
    with own_state(STEP), running(STEP) as run, ExitStack() as stack:
        await_ready(STEP, run)
        port = free_port()
        stack.enter_context(_uvicorn("workshop.bench.echo:app", port))
        stack.enter_context(_announced(NatsServer().url("admin"), port))
        gateway_process = _gateway()
        stack.enter_context(without(run, "web"))
        _await_only(BACKEND)
        bare = stack.enter_context(_bare_proxy(port))
        others = [stack.enter_context(_nginx(port))] if shutil.which("nginx") else []
        gateway = Server(
            "the gateway", f"{read_step(STEP).url}/bench/{{word}}", gateway_process, CONNECTIONS, A_READER
        )
        return costs([bare, gateway, *others], REQUESTS)


def caching() -> list[Cost]:
    """What a search of CACHED_POSTS posts costs a hand-written server, and a gateway that has the answer."""
    with own_state(STEP), Mongod() as mongod:
        mongod.wait()
        with mongod.admin() as client:
            uri = mongod.add_user("step3_search")
            mongod.add_user("step3_posts")
            Loading(GeneratedSource(CACHED_POSTS), client["step3_posts"]["posts"]).run()
            with running(STEP) as run, ExitStack() as stack:
                await_ready(STEP, run)
                port, path = free_port(), "/search?q={word}"
                app = "workshop.bench.handwritten_async:make_app"
                process = stack.enter_context(_uvicorn(app, port, "--factory", MONGODB_URI=uri))
                by_hand = Server(
                    "Starlette and AsyncMongoClient", f"http://127.0.0.1:{port}{path}", process, CONNECTIONS
                )
                url = f"{read_step(STEP).url}/api{path}"
                cached = Server("the gateway's cache", url, _gateway(), CONNECTIONS)
                _require_same([by_hand, cached])
                return costs([by_hand, cached], SEARCHES)


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
            raise RuntimeError(f"The gateway still knows others than {instance}.")
        time.sleep(0.1)


@contextmanager
def _uvicorn(app: str, port: int, *options: str, **env: str) -> Iterator[psutil.Process]:
    command = [
        *(sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning"),
        *("--no-access-log", *options),
    ]
    with _process(command, f"http://127.0.0.1:{port}/search?q={WORDS[0]}", env) as process:
        yield process


@contextmanager
def _bare_proxy(backend: int) -> Iterator[Server]:
    port, env = free_port(), {"BACKEND_URL": f"http://127.0.0.1:{backend}"}
    with _uvicorn("workshop.bench.bareproxy:app", port, **env) as process:
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
    with _process(["nginx", "-c", str(config)], url, {}) as master:
        yield Server("nginx", url, master.children()[0], CONNECTIONS, A_READER)


@contextmanager
def _process(command: Sequence[str], url: str, env: dict[str, str]) -> Iterator[psutil.Process]:
    with subprocess.Popen(command, env={**os.environ, **env}, cwd=ROOT) as process:
        try:
            _await_answer(url)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _await_answer(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(url.format(word=WORDS[0]), timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer.")


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
            await connection.publish(f"registry.alive.web.{BACKEND}", json.dumps(told).encode())
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
            raise RuntimeError(f"The servers differ in what they find for {word!r}.")
