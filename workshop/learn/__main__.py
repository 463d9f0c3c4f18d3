"""Checks the rules of an exercise. Runs in the workspace: `python -m workshop.learn <exercise's folder>`.

If the workspace's step runs already, that one is observed. Otherwise it is started, with ports and data of
its own. Prints one JSON object a line: for each rule that was checked, what is missing, or null.
"""

import inspect
import json
import runpy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import requests

from workshop import signals, state
from workshop.learn.observed import Missing, Observed
from workshop.learn.readiness import await_ready
from workshop.learn.running import RUN_LOG
from workshop.run.lock import running_steps
from workshop.steps import read_step
from workshop.testbed.step import isolated_state, running_step

Rule = Callable[[Observed], None]


def rules_of(folder: Path) -> Iterator[Rule]:
    """Yield the rules of an exercise: the public functions of its check.py, in their order."""
    for name, value in runpy.run_path(str(folder / "check.py"), run_name="check").items():
        if inspect.isfunction(value) and value.__module__ == "check" and not name.startswith("_"):
            yield value


@contextmanager
def observed_step(number: int) -> Iterator[Observed]:
    """Yield the running step of this checkout inside the block; start it if it does not run. Raises
    click.ClickException if it does not become ready.
    """
    if number in running_steps():
        step, log = read_step(number), state.folder() / RUN_LOG
        await_ready(step, lambda: number in running_steps(), log)
        yield Observed(step, log)
        return
    with isolated_state(number), running_step(number, bundled=True) as run:
        step = read_step(number)
        await_ready(step, lambda: run.process.poll() is None, run.log)
        yield Observed(step, run.log, is_own=True)


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
