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
import psutil
import requests
from nats.errors import Error as NatsError
from pymongo.errors import PyMongoError

from workshop import signals, state
from workshop.learn.observing.observed import Missing, Observed
from workshop.learn.observing.readiness import await_ready
from workshop.learn.session.running import RUN_LOG
from workshop.run.lock import running_steps
from workshop.steps import Step, read_step
from workshop.testbed.step import isolated_state, running_step

Rule = Callable[[Observed], None]


def rules_of(folder: Path) -> Iterator[Rule]:
    """Yield the rules of an exercise: the public functions of its check.py, in their order."""
    for name, value in runpy.run_path(str(folder / "check.py"), run_name="check").items():
        if inspect.isfunction(value) and value.__module__ == "check" and not name.startswith("_"):
            yield value


@contextmanager
def observed_step(number: int) -> Iterator[Observed]:
    """Yield the running step of this checkout inside the block; start it if it does not run.

    Raises click.ClickException if it does not become ready. Raises Missing if it has ended at the end of the
    block: whoever has its ports then may have responded in its place.
    """
    if number in running_steps():
        step, log = read_step(number), state.folder() / RUN_LOG
        _require_same_ports(step)
        await_ready(step, lambda: number in running_steps(), log)
        run = running_steps().get(number)
        yield Observed(step, log)
        if run is None or running_steps().get(number) != run:
            raise Missing("It has ended, or was started again, during the check.")
        return
    with isolated_state(number), running_step(number, bundled=True) as started:
        step = read_step(number)
        await_ready(step, lambda: started.process.poll() is None, started.log)
        yield Observed(step, started.log, is_own=True)


def check(folder: Path) -> None:
    """Print the result of each rule, up to the first that the step does not keep."""
    try:
        with observed_step(int(folder.parents[1].name[4])) as step:
            for rule in rules_of(folder):
                missing = missing_of(rule, step)
                _print(rule=(rule.__doc__ or rule.__name__).split("\n\n")[0], missing=missing)
                if missing:
                    return
    except Missing as error:
        _print(rule="The step runs until the end of the check.", missing=str(error))
    except click.ClickException as error:
        _print(rule="The step starts.", missing=error.message)


def _require_same_ports(step: Step) -> None:
    run = running_steps().get(step.number)
    if run and run.url != step.url:
        raise click.ClickException(
            f"It runs already, at {run.url}, and the check would look for it at {step.url}. Stop it, or set "
            "the same ports here."
        )


def missing_of(rule: Rule, step: Observed) -> str | None:
    """Return what the step lacks to keep a rule, None if it keeps it."""
    try:
        rule(step)
    except Missing as error:
        return str(error)
    except click.ClickException as error:
        return error.message
    except requests.RequestException as error:
        return f"A request failed: {error}"
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return f"A response does not have the form that the check expects: {type(error).__name__}: {error}"
    except (OSError, psutil.Error, PyMongoError, NatsError) as error:
        return f"The check cannot go on, perhaps because something has ended: {type(error).__name__}: {error}"
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
