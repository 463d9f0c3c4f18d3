"""What is watched while a step runs: whether it is ready, its parts, its services."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import click
import requests

from workshop import local
from workshop.filling import addresses
from workshop.processes.backoff import AFTER_KILL_SECONDS, LONGEST_SECONDS, Backoff
from workshop.processes.supervisor import Supervisor
from workshop.services.fleet import Fleet
from workshop.services.registry import not_up
from workshop.steps import Step
from workshop.stores import Stores
from workshop.stores.part import Part
from workshop.troubles import in_words

READY_SECONDS = 120
TELL_SECONDS = 30
"""How often a step that goes on whatever happens tells what it still waits for: it may have much to copy."""

ROUND_SECONDS = 0.1
PART_SECONDS = 0.5
OTHERS_SECONDS = 60.0
JOIN_SECONDS = 5


@contextmanager
def watched(step: Step, up: Stores, supervisor: Supervisor, fleet: Fleet | None) -> Iterator[None]:
    """Watch all of it inside the block."""
    watch = Watch(step, up, supervisor, fleet)
    with ExitStack() as stack:
        for action in watch.actions():
            thread = threading.Thread(target=watch.guard, args=(action,), daemon=True)
            thread.start()
            stack.callback(thread.join, JOIN_SECONDS)
        stack.callback(watch.ended.set)
        yield


class Watch:
    """Each of its actions is for a thread of its own, as any of them may have to wait."""

    def __init__(self, step: Step, up: Stores, supervisor: Supervisor, fleet: Fleet | None) -> None:
        self.ended = threading.Event()
        self._step, self._up, self._supervisor, self._fleet = step, up, supervisor, fleet

    def actions(self) -> list[Callable[[], None]]:
        """What is to be done until the end."""
        parts = [partial(self._keep, part) for part in self._up.parts]
        return [self._until_ready, *parts, *([self._look_after] if self._fleet else [])]

    def guard(self, action: Callable[[], None]) -> None:
        """Do it, and stop the step if that fails: nobody would look after it any more."""
        try:
            action()
        except KeyboardInterrupt:  # the run ends
            return
        except Exception as error:
            words = in_words(error) if isinstance(error, OSError) else None
            if not self.ended.is_set():
                self._supervisor.stop(f"The run cannot go on: {words or f'{type(error).__name__}: {error}'}")
                if not words:
                    raise

    def _until_ready(self) -> None:
        """Tell when the step is ready; when it is not in time stop it, or tell so where it goes on."""
        began = told = time.monotonic()
        while not self.ended.wait(ROUND_SECONDS):
            missing = self._missing()
            if missing is None:
                self._supervisor.settle()
                self._supervisor.announce(_announcement(self._step, self._up))
                return
            now, title = time.monotonic(), self._step.title
            if self._step.restart and now - told > TELL_SECONDS:
                told = now
                self._supervisor.say(f"{title} is not ready after {now - began:.0f} s: {missing}")
            if not self._step.restart and now - began > READY_SECONDS:
                self._supervisor.stop(f"{title} was not ready within {READY_SECONDS} s: {missing}")
                return

    def _missing(self) -> str | None:
        if not self._fleet:
            return _not_ready(self._step)
        if silent := self._fleet.silent():
            return f"no answer yet from {', '.join(silent)}"
        if unready := self._fleet.unready():
            return f"not ready yet: {', '.join(unready)}"
        if problem := _not_ready(self._step):
            return problem
        late = not_up(self._step, self._fleet.names())
        return f"the registry does not have {', '.join(late)} up" if late else None

    def _keep(self, part: Part) -> None:
        """When a part dies, start it again if the step wants that, else stop the step: at once if this run
        started the part, whose starter may have ended, else when no other run has started it again in time.
        """
        backoff, started, longest = Backoff(), time.monotonic(), AFTER_KILL_SECONDS
        lived = time.monotonic()
        while not self.ended.wait(PART_SECONDS):
            if part.refresh():
                lived = time.monotonic()
                continue
            words = part.why()
            if not self._step.restart:
                if not part.started_here and time.monotonic() - lived < OTHERS_SECONDS:
                    continue
                self._supervisor.stop(f"{part.name} has died, so the step was stopped. {words}")
                return
            wait = backoff.after(time.monotonic() - started, longest)
            self._supervisor.say(f"{part.name} has died and is started again in {wait:.1f} s. {words}")
            if self.ended.wait(wait):
                return
            started, longest = time.monotonic(), LONGEST_SECONDS
            try:
                part.revive()
            except (click.ClickException, OSError) as error:  # the next round tries again
                self._supervisor.say(f"{part.name} did not start: {error}")
            else:
                longest = AFTER_KILL_SECONDS
                self._supervisor.say(f"{part.name} is up again")

    def _look_after(self) -> None:
        while self._fleet and not self.ended.wait(ROUND_SECONDS):
            self._fleet.look_after()


def _not_ready(step: Step) -> str | None:
    try:
        answer = local.ask(step.url + step.ready, timeout=2)
    except requests.RequestException as error:
        return f"{step.url} does not answer ({type(error).__name__})"
    return None if answer.ok else f"{step.url}{step.ready} says {answer.text}"


def _announcement(step: Step, up: Stores) -> str:
    """Where everything is, for people."""
    lines = ["", step.title, f"  ready: {step.url}", f"  try the API: {step.url}/docs"]
    if step.services:
        command = f"./stones services --step {step.number}"
        lines.append(f"  services: {len(step.services)}; `{command}` tells where they are")
    lines += [f"  {name}: {url.format_map(addresses(step))}" for name, url in step.urls.items()]
    if up.mail_page:
        lines.append(f"  caught mail: {up.mail_page}")
    return "\n".join([*lines, "  Ctrl-C stops it", ""])
