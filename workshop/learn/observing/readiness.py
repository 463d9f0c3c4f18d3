"""Waits until a learner's step is ready, and says what it waits for."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
import requests

from workshop import local_http, state
from workshop.learn.observing.failures import error_in, output, reason
from workshop.services.state_files import read_instances
from workshop.steps import Step

POLL_SECONDS = 0.2
RESPONSE_SECONDS = 5.0
STUCK_SECONDS = 90.0
"""A start has failed when nothing has changed for so many seconds."""


def await_ready(step: Step, is_running: Callable[[], bool], log: Path) -> None:
    """Wait until the step is ready. `log` has its output.

    Raises click.ClickException with what is missing if the step ends, or does not get any further.
    """
    missing, since = "", time.monotonic()
    while is_running():
        before, missing = missing, _missing(step)
        if not missing:
            return
        if missing != before:
            since = time.monotonic()
        elif time.monotonic() - since > STUCK_SECONDS:
            found = error_in(output(log), str(state.ROOT))
            raise click.ClickException(f"It waits for {missing}. {found}".rstrip())
        time.sleep(POLL_SECONDS)
    raise click.ClickException(reason(output(log), str(state.ROOT)))


def _missing(step: Step) -> str:
    """Name what is not ready: instances with their parts, otherwise the face's parts; "" if nothing is."""
    down = _parts_down(step.url + step.ready)
    if down is not None and not down:
        return ""
    waiting = []
    with suppress(OSError, ValueError):
        for each in read_instances(step.number) if step.services else ():
            if each.state != "up":
                parts = _parts_down(f"{each.url}/health/ready")
                waiting.append(f"{each.name} ({', '.join(parts or [each.state])})")
    return ", ".join(waiting or down or ["a response"])


def _parts_down(url: str) -> list[str] | None:
    """Return the parts that are not ready, None without a response."""
    try:
        response = local_http.request(url, timeout=RESPONSE_SECONDS)
        return [] if response.ok else [name for name, up in response.json()["parts"].items() if up != "ok"]
    except (requests.RequestException, ValueError, LookupError, AttributeError):
        return None
