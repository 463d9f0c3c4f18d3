"""Step 1's API is killed with -9, workers and all, and started again, while readers read and write.

The face reports it in time, never hangs, recovers by itself, and loses no write that it acknowledged.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pymongo import MongoClient

from tests.support.client import Client, new_reader
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_retry_after
from tests.support.writer import Writer
from workshop.load.generate import posts as generated
from workshop.ports import free_port

pytestmark = [pytest.mark.drill, pytest.mark.only_step(1)]


ROOT = Path(__file__).resolve().parents[2]
WRITERS, READERS, POSTS, KILLS = 3, 3, 60, 3
WRITES = 60
"""Acknowledged writes between two kills."""

PATIENCE = 30.0
"""The most seconds until a response while the API is away: a bound, not a measurement."""

START = 60.0


class Server:
    """A gunicorn of step 1 and its workers, in a process group of their own."""

    def __init__(self, config: str, app: str, url: str, env: Mapping[str, str]) -> None:
        self.command = [sys.executable, "-m", "gunicorn", "--config", config, app]
        self.url, self.env = url, env
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server without waiting."""
        self.process = subprocess.Popen(self.command, env=self.env, cwd=ROOT, start_new_session=True)

    def end(self, how: signal.Signals) -> None:
        """Send a signal to all its processes, and wait for their end."""
        if self.process is not None:
            os.killpg(self.process.pid, how)
            self.process.wait(timeout=30)
            self.process = None

    def await_up(self) -> None:
        """Wait until the server responds."""

        def check() -> None:
            try:
                expect(Client(self.url).get("/health/live", timeout=30), 200)
            except requests.RequestException as error:
                raise AssertionError(str(error)) from error

        eventually(check, START)


@dataclass
class Stage:
    """The API, the face and the loaded posts."""

    api: Server
    face: Server
    posts: list[str]


class PageReader(threading.Thread):
    """Requests pages of the face until `stop`; keeps the statuses and the time of the slowest response."""

    def __init__(self, url: str, paths: list[str]) -> None:
        super().__init__(daemon=True)
        self.responses: Counter[int | str] = Counter()
        self.slowest = 0.0
        self._client, self._paths = Client(url), paths
        self._stop_requested = threading.Event()

    def run(self) -> None:
        while not self._stop_requested.wait(0.01):
            began = time.monotonic()
            try:
                response = self._client.get(self._paths[sum(self.responses.values()) % len(self._paths)])
                self.responses[response.status_code] += 1
            except requests.RequestException as error:
                self.responses[type(error).__name__] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    def stop(self) -> None:
        """Stop after the current request."""
        self._stop_requested.set()
        self.join()


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    try:
        yield
    finally:
        server.end(signal.SIGTERM)


@pytest.fixture
def stage(mongod: Any, mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Stage]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    uri = mongod.add_user(name)
    made = list(generated(POSTS))
    mongo_client[name]["posts"].insert_many(made)
    ports = {"STEP1_PORT": str(free_port()), "STEP1_API_PORT": str(free_port())}
    api_url = f"http://127.0.0.1:{ports['STEP1_API_PORT']}"
    common = {**os.environ, **ports, "FACE_SECRET": secrets.token_urlsafe(32), "LOG_LEVEL": "ERROR"}
    theirs = {"MONGODB_URI": uri, "TOKEN_KEY": secrets.token_urlsafe(32)}
    ours = {"API_URL": api_url, "SECRET_KEY": secrets.token_urlsafe(32)}
    prepare = [sys.executable, "-m", "step1_rest.api.prepare"]
    subprocess.run(prepare, env={**common, **theirs}, cwd=ROOT, check=True, timeout=60)
    api = Server(
        "step1_rest/api/gunicorn.conf.py", "step1_rest.api.app:make_app()", api_url, {**common, **theirs}
    )
    face = Server(
        "step1_rest/gunicorn.conf.py",
        "step1_rest.web:make_app()",
        f"http://127.0.0.1:{ports['STEP1_PORT']}",
        {**common, **ours},
    )
    with ExitStack() as stack:
        for server in (api, face):
            stack.enter_context(stopped(server))
            server.start()
        for server in (api, face):
            server.await_up()
        yield Stage(api, face, [each["_id"] for each in made])
    mongo_client.drop_database(name)


def total(threads: list[Writer] | list[PageReader]) -> Counter[int | str]:
    return sum((each.responses for each in threads), Counter())


def check_outage(url: str) -> None:
    """Check that the face lives, says what is missing, and responds in time."""
    client = Client(url)

    def is_refused() -> None:
        expect_retry_after(client.get("/", timeout=PATIENCE), 503)

    eventually(is_refused, PATIENCE)
    assert expect(client.get("/health/live", timeout=PATIENCE), 200).json() == {"_status": "OK"}
    ready = expect(client.get("/health/ready", timeout=PATIENCE), 503).json()
    assert ready["parts"] == {"api": "down"}


def test_nothing_acknowledged_is_lost(stage: Stage) -> None:
    url = stage.face.url
    eventually(lambda: expect(Client(url).get("/health/ready"), 200), START)
    writers = [Writer(new_reader(url), stage.posts) for _ in range(WRITERS)]
    paths = ["/", "/search?q=python", "/recommended", f"/posts/{stage.posts[0]}"]
    readings = [PageReader(url, paths) for _ in range(READERS)]
    for each in [*writers, *readings]:
        each.start()

    def await_writes(least: int) -> None:
        def check() -> None:
            assert total(writers)[200] >= least, total(writers)

        eventually(check, START)

    try:
        for _ in range(KILLS):
            await_writes(total(writers)[200] + WRITES)
            stage.api.end(signal.SIGKILL)
            check_outage(url)
            stage.api.start()
            eventually(lambda: expect(Client(url).get("/health/ready"), 200), START)
        await_writes(total(writers)[200] + WRITES)
    finally:
        for each in [*writers, *readings]:
            each.stop()
    written, read = total(writers), total(readings)
    slowest = max(each.slowest for each in [*writers, *readings])
    missing = [lost for each in writers for lost in each.missing()]
    print(
        f"{KILLS} kills; acknowledged {written[200]}, lost {len(missing)}; "
        f"writes {dict(written)}, reads {dict(read)}; slowest {slowest:.1f} s"
    )
    assert missing == []
    assert set(written) | set(read) <= {200, 503, 504}, (written, read)
    assert written[503] > 0 < read[503], "no request was sent while the API was away"
    assert sum(each.without_retry_after for each in writers) == 0
    assert slowest < PATIENCE
