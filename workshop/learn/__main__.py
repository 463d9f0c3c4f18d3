"""Checks the rules of an exercise. Runs in the workspace: `python -m workshop.learn <exercise's folder>`.

If the workspace's step runs already, that one is observed. Otherwise it is started, with ports and data of
its own. Prints one JSON object a line: for each rule that was checked, what is missing, or null.
"""

import inspect
import json
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import requests

from workshop import local_http, signals, state
from workshop.learn.failures import reason
from workshop.learn.observed import Missing, Observed
from workshop.run.lock import running_steps
from workshop.steps import read_step
from workshop.testbed.process import NotMeasured
from workshop.testbed.step import await_ready, isolated_state, running_step

POLL_SECONDS = 0.2

Rule = Callable[[Observed], None]


def rules_of(folder: Path) -> Iterator[Rule]:
    """Yield the rules of an exercise: the public functions of its check.py, in their order."""
    for name, value in runpy.run_path(str(folder / "check.py"), run_name="check").items():
        if inspect.isfunction(value) and value.__module__ == "check" and not name.startswith("_"):
            yield value


@contextmanager
def observed_step(number: int) -> Iterator[Observed]:
    """Yield the running step of this checkout inside the block; start it if it does not run."""
    if number in running_steps():
        _await_ready(number)
        yield Observed(read_step(number))
        return
    with isolated_state(number), running_step(number, bundled=True) as run:
        try:
            await_ready(number, run)
        except NotMeasured:
            output = run.log.read_text(errors="replace")
            raise click.ClickException(reason(output, str(state.ROOT))) from None
        yield Observed(read_step(number))


def _await_ready(number: int) -> None:
    """Wait until a step that somebody else has started is ready. Raises click.ClickException if it ends."""
    step = read_step(number)
    while number in running_steps():
        with suppress(requests.RequestException):
            if local_http.request(step.url + step.ready, timeout=5).ok:
                return
        time.sleep(POLL_SECONDS)
    raise click.ClickException("It has ended.")


def check(folder: Path) -> None:
    """Print the result of each rule, up to the first that the step does not keep."""
    try:
        with observed_step(int(folder.parents[1].name[4])) as step:
            for rule in rules_of(folder):
                missing = _missing(rule, step)
                _print(rule=(rule.__doc__ or rule.__name__).split("\n\n")[0], missing=missing)
                if missing:
                    return
    except click.ClickException as error:
        _print(rule="The step starts.", missing=error.message)


def _missing(rule: Rule, step: Observed) -> str | None:
    try:
        rule(step)
    except Missing as error:
        return str(error)
    except requests.RequestException as error:
        return f"A request failed: {error}"
    except (LookupError, TypeError, ValueError) as error:
        return f"A response does not have the form that the check expects: {type(error).__name__}: {error}"
    return None


def _print(rule: str, missing: str | None) -> None:
    print(json.dumps({"rule": " ".join(rule.split()), "missing": missing}), flush=True)


if __name__ == "__main__":
    signals.install()
    try:
        with signals.interruptible():
            check(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(signals.exit_code())
