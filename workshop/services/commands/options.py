"""The option that the commands for services share."""

from collections.abc import Callable
from typing import Any

import click

from workshop.steps import read_step


def step_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option `--step`, which takes a step that has services."""
    option = click.option(
        "--step",
        default=2,
        show_default=True,
        callback=_require_services,
        help="The step whose services to use.",
    )
    return option(command)


def _require_services(_context: click.Context, _option: click.Parameter, step: int) -> int:
    if not read_step(step).services:
        raise click.ClickException(f"Step {step} has no services.")
    return step
