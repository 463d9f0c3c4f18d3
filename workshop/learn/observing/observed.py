"""What the check of an exercise can observe of a running step, and do to it."""

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import psutil
import requests
from pymongo import MongoClient

from workshop import local_http, state
from workshop.addresses import host_in_url
from workshop.learn.observing.failures import error_of, output
from workshop.learn.observing.rapids import Rapids
from workshop.run.lock import running_steps
from workshop.services import state_files
from workshop.services.state_files import InstanceStatus
from workshop.steps import Step
from workshop.stores.mongod import Mongod
from workshop.testbed.step import without_service

TIMEOUT_SECONDS = 30.0
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.1
END_SECONDS = 300.0
"""The most that a command may take, so that one that never ends is found."""

Result = TypeVar("Result")


class Missing(Exception):
    """What the step lacks, in words that help the learner on."""


@dataclass(frozen=True)
class Reader:
    """A reader who has signed in."""

    name: str
    token: str


class Observed:
    """A running step, and the file `log` with its output. It is the check's own if the check has started
    it, with data of its own; otherwise it is the learner's.
    """

    def __init__(self, step: Step, log: Path, *, is_own: bool = False) -> None:
        self.step, self.url, self.is_own = step, step.url, is_own
        self._log = log

    @property
    def folder(self) -> Path:
        """The step's folder, in the learner's copy."""
        return next(state.ROOT.glob(f"step{self.step.number}_*"))

    def address(self, port: str) -> str:
        """Return the address of another process of the step. `port` is the variable that sets its port."""
        return f"http://{host_in_url(self.step.host)}:{self.step.ports[port]}"

    def request(
        self, method: str, path: str, *, reader: Reader | None = None, **options: Any
    ) -> requests.Response:
        """Return the response to a JSON client. `path` is one of the face, or a whole address. `options` are
        those of requests. Raises requests.RequestException.
        """
        headers = {"Accept": "application/json", **options.pop("headers", {})}
        if reader:
            headers["Authorization"] = f"Bearer {reader.token}"
        url = path if path.startswith("http://") else self.url + path
        return local_http.request(url, method, headers=headers, timeout=TIMEOUT_SECONDS, **options)

    def json(self, path: str, *, reader: Reader | None = None, method: str = "GET", **options: Any) -> Any:
        """Return the JSON of a response. Raises Missing if its status is an error or it is no JSON."""
        response = self.request(method, path, reader=reader, **options)
        if not response.ok:
            raise Missing(f"{method} {path} responded with {response.status_code}: {response.text[:200]}")
        try:
            return response.json()
        except ValueError:
            raise Missing(f"The response to {method} {path} is not JSON: {response.text[:200]}") from None

    def page(self, path: str) -> str:
        """Return the HTML that a browser gets. Raises Missing if the status is an error."""
        response = self.request("GET", path, headers={"Accept": "text/html"})
        if not response.ok:
            raise Missing(f"A browser that requests {path} gets {response.status_code}.")
        return response.text

    def sign_up(self) -> Reader:
        """Sign up a reader with a name that nobody has, and sign them in."""
        name, password = f"learner_{secrets.token_hex(6)}", secrets.token_urlsafe(16)
        account = {"username": name, "password": password}
        self.json("/signup", method="POST", json=account)
        return Reader(name, str(self.json("/login", method="POST", json=account)["token"]))

    @cached_property
    def reader(self) -> Reader:
        """A reader that the rules of a check share."""
        return self.sign_up()

    def posts(self, count: int = 25) -> list[dict[str, Any]]:
        """Return the newest posts."""
        return list(self.json(f"/?max_results={count}")["_items"])

    def eventually(self, observe: Callable[[], Result]) -> Result:
        """Return the result of `observe` as soon as it raises no Missing. After a while its error counts."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return observe()
            except Missing:
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_SECONDS)

    def instances(self, service: str, version: str | None = None) -> list[InstanceStatus]:
        """Return the instances of a service that are up, or those of one version. Raises Missing if there are
        none.
        """
        found = state_files.read_instances(self.step.number)
        own = [each for each in found if each.service == service and version in (None, each.version)]
        up = [each for each in own if each.state == "up"]
        if not up:
            name = f"`{service}`" if version is None else f"`{service}`, version {version},"
            others = ", ".join(sorted({each.service for each in found}))
            states = ", ".join(f"{each.name} is {each.state}" for each in own) or f"There are: {others}"
            error = error_of(own[0].name if own else service, output(self._log), str(state.ROOT))
            raise Missing(f"No instance of a service {name} is up. {states}. {error}".rstrip())
        return up

    def _processes(self, service: str) -> list[psutil.Process]:
        """Return the processes of all instances of a service, with their workers."""
        masters = [psutil.Process(each.pid) for each in self.instances(service) if each.pid]
        return [each for master in masters for each in (master, *master.children(recursive=True))]

    def kill(self, service: str) -> None:
        """Kill all instances of a service, with their workers. The run starts them again."""
        for process in self._processes(service):
            process.kill()

    @contextmanager
    def suspended(self, service: str) -> Iterator[None]:
        """Suspend all instances of a service inside the block: they are there, and do nothing."""
        processes = self._processes(service)
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in processes:
                each.resume()

    @cached_property
    def rapids(self) -> Rapids:
        """The rapids of step 3."""
        return Rapids(self.step)

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """Kill all instances of a service, keep them dead inside the block, and wait until they are back."""
        run = running_steps().get(self.step.number)
        if run is None:
            raise Missing(f"Step {self.step.number} has ended.")
        self.instances(service)
        with without_service(psutil.Process(run.pid), service):
            yield
        self.eventually(lambda: self._require_ready(service))

    def _require_ready(self, service: str) -> None:
        for each in self.instances(service):
            with suppress(requests.RequestException):
                if self.request("GET", f"{each.url}/health/ready").ok:
                    continue
            raise Missing(f"{each.name} was killed, and has not come back.")

    @contextmanager
    def repeating(self, action: Callable[[], object], at_once: int = 1) -> Iterator[list[str]]:
        """Repeat an action inside the block, without a pause. Yield a list that gets what it raises."""
        failures: list[str] = []
        ended = threading.Event()

        def repeat() -> None:
            while not ended.is_set():
                try:
                    action()
                except Exception as error:
                    failures.append(str(error) or type(error).__name__)

        threads = [threading.Thread(target=repeat, daemon=True) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        try:
            yield failures
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    @contextmanager
    def databases(self) -> Iterator[MongoClient[dict[str, Any]]]:
        """Yield a client of MongoDB that may read and write everything."""
        with Mongod().admin() as client:
            yield client

    def workshop(self, *arguments: str) -> str:
        """Run a command of `./stones`, and return its output. Raises Missing with the output if it fails."""
        return self.program("workshop", *arguments)

    def program(
        self,
        module: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        seconds: float = END_SECONDS,
    ) -> str:
        """Run a module of the learner's copy, with the further variables `env`, and return its output. Raises
        Missing with the output if it fails, and if it does not end within `seconds`.
        """
        return _output([sys.executable, "-m", module, *arguments], env, seconds)

    def contract(self, *arguments: str) -> None:
        """Run a part of the contract suite against the step: `arguments` are those of pytest. Raises Missing
        with the names of the tests that fail.
        """
        own = {
            "CONTRACT_URL": self.url,
            "CONTRACT_MAIL_URL": f"http://127.0.0.1:{os.environ.get('MAIL_HTTP_PORT', '8025')}",
        }
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
        _output([*pytest, "--step", str(self.step.number), *arguments], own)


def _output(command: list[str], env: Mapping[str, str] | None = None, seconds: float = END_SECONDS) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=state.ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"It does not end: python {' '.join(command[1:])}") from None
    if done.returncode:
        raise Missing((done.stdout + done.stderr).strip()[-1500:])
    return done.stdout
