"""Monitors a running step: its readiness, its servers and its services."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import click
import requests

from workshop import local_http
from workshop.file_errors import explain
from workshop.processes.backoff import AFTER_KILL_SECONDS, LONGEST_SECONDS, Backoff
from workshop.processes.supervisor import Supervisor
from workshop.run.templates import addresses
from workshop.services.fleet import Fleet
from workshop.services.registry import not_up
from workshop.steps import Step
from workshop.stores import Stores
from workshop.stores.server import SharedServer

READY_SECONDS = 120
REPORT_SECONDS = 30
"""Seconds between two reports of what the step still waits for. A step that restarts its processes may take
long to become ready, as it may have much to copy.
"""

POLL_SECONDS = 0.1
SERVER_POLL_SECONDS = 0.5
OTHER_RUN_SECONDS = 60.0
"""How long to wait for another run to restart a server that it has started."""

JOIN_SECONDS = 5


@contextmanager
def monitored(step: Step, stores: Stores, supervisor: Supervisor, fleet: Fleet | None) -> Iterator[None]:
    """Monitor a step inside the block."""
    monitor = Monitor(step, stores, supervisor, fleet)
    with ExitStack() as stack:
        for task in monitor.tasks():
            thread = threading.Thread(target=monitor.guard, args=(task,), daemon=True)
            thread.start()
            stack.callback(thread.join, JOIN_SECONDS)
        stack.callback(monitor.ended.set)
        yield


class Monitor:
    """The tasks of monitoring a step. Each runs in a thread of its own, as any of them may have to wait."""

    def __init__(self, step: Step, stores: Stores, supervisor: Supervisor, fleet: Fleet | None) -> None:
        self.ended = threading.Event()
        self._step, self._stores, self._supervisor, self._fleet = step, stores, supervisor, fleet

    def tasks(self) -> list[Callable[[], None]]:
        """Return the tasks, which go on until the end of the run."""
        servers = [partial(self._monitor_server, server) for server in self._stores.servers]
        return [self._await_ready, *servers, *([self._reconcile] if self._fleet else [])]

    def guard(self, task: Callable[[], None]) -> None:
        """Run a task. Stop the step if the task fails, as nothing would be monitored any more."""
        try:
            task()
        except KeyboardInterrupt:  # the run ends
            return
        except Exception as error:
            explanation = explain(error) if isinstance(error, OSError) else None
            if not self.ended.is_set():
                what = explanation or f"{type(error).__name__}: {error}"
                self._supervisor.stop(f"The run cannot go on: {what}")
                if not explanation:
                    raise

    def _await_ready(self) -> None:
        """Report when the step is ready. If it is not ready in time, stop it; if it restarts its processes,
        only report that.
        """
        began = reported = time.monotonic()
        while not self.ended.wait(POLL_SECONDS):
            missing = self._missing()
            if missing is None:
                self._supervisor.mark_ready()
                self._supervisor.announce(_announcement(self._step, self._stores))
                return
            now, title = time.monotonic(), self._step.title
            if self._step.restart and now - reported > REPORT_SECONDS:
                reported = now
                self._supervisor.log(f"{title} is not ready after {now - began:.0f} s: {missing}")
            if not self._step.restart and now - began > READY_SECONDS:
                self._supervisor.stop(f"{title} was not ready within {READY_SECONDS} s: {missing}")
                return

    def _missing(self) -> str | None:
        """Return why the step is not ready, None if it is."""
        if not self._fleet:
            return _not_ready(self._step)
        if starting := self._fleet.not_live():
            return f"no response yet from {', '.join(starting)}"
        if unready := self._fleet.not_ready():
            return f"not ready yet: {', '.join(unready)}"
        if problem := _not_ready(self._step):
            return problem
        late = not_up(self._step, self._fleet.names())
        return f"the registry does not show {', '.join(late)} as up" if late else None

    def _monitor_server(self, server: SharedServer) -> None:
        """Restart a server that dies if the step wants that, else stop the step.

        If another run started the server, first give that run time to restart it.
        """
        backoff, started, longest = Backoff(), time.monotonic(), AFTER_KILL_SECONDS
        last_alive = time.monotonic()
        while not self.ended.wait(SERVER_POLL_SECONDS):
            if server.find_alive():
                last_alive = time.monotonic()
                continue
            reason = server.failure_reason()
            if not self._step.restart:
                if not server.started_here and time.monotonic() - last_alive < OTHER_RUN_SECONDS:
                    continue
                self._supervisor.stop(f"{server.name} has died, so the step was stopped. {reason}")
                return
            wait = backoff.next_wait(time.monotonic() - started, longest)
            self._supervisor.log(f"{server.name} has died and is started again in {wait:.1f} s. {reason}")
            if self.ended.wait(wait):
                return
            started, longest = time.monotonic(), LONGEST_SECONDS
            try:
                server.restart()
            except (click.ClickException, OSError) as error:  # the next round tries again
                self._supervisor.log(f"{server.name} did not start: {error}")
            else:
                longest = AFTER_KILL_SECONDS
                self._supervisor.log(f"{server.name} is up again")

    def _reconcile(self) -> None:
        while self._fleet and not self.ended.wait(POLL_SECONDS):
            self._fleet.reconcile()


def _not_ready(step: Step) -> str | None:
    """Return why the step's face is not ready, None if it is."""
    try:
        response = local_http.request(step.url + step.ready, timeout=2)
    except requests.RequestException as error:
        return f"{step.url} does not respond ({type(error).__name__})"
    return None if response.ok else f"the response of {step.url}{step.ready} is {response.text}"


def _announcement(step: Step, stores: Stores) -> str:
    """Return the addresses that people need."""
    lines = ["", step.title, f"  ready: {step.url}", f"  try the API: {step.url}/docs"]
    if step.services:
        command = f"./stones services --step {step.number}"
        lines.append(f"  services: {len(step.services)}; `{command}` shows where they are")
    lines += [f"  {name}: {url.format_map(addresses(step))}" for name, url in step.urls.items()]
    if stores.mail_page:
        lines.append(f"  caught mail: {stores.mail_page}")
    return "\n".join([*lines, "  Ctrl-C stops it", ""])
