"""The option that the commands for services share."""

from collections.abc import Callable
from typing import Any

import click

from workshop.steps import read_step


def of_step(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--step`, a step that has services."""
    option = click.option(
        "--step", default=2, show_default=True, callback=_with_services, help="Which step's services."
    )
    return option(command)


def _with_services(_context: click.Context, _option: click.Parameter, step: int) -> int:
    if not read_step(step).services:
        raise click.ClickException(f"Step {step} has no services.")
    return step
