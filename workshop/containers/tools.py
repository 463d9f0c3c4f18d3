"""The workshop's commands for a step that runs in containers: they run in a container beside it."""

import os
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from workshop.containers.compose import PREPARE
from workshop.containers.engine import Engine
from workshop.steps import read_step

INPUT = "/input"
"""The folder in the container with the files that a command reads."""


def run_inside(number: int, command: str, *arguments: str, files: Sequence[Path] = ()) -> None:
    """Run a command of `inside` with files that it finds in INPUT. Raises click.ClickException."""
    options = [word for file in files for word in ("--volume", f"{file.resolve()}:{inside_name(file)}:ro")]
    options += [word for name in os.environ if name.startswith("praw_") for word in ("--env", name)]
    Engine(read_step(number)).call(
        "run", "--rm", "--no-deps", *options, PREPARE, str(number), command, *arguments
    )


def inside_name(file: Path) -> str:
    """Return the path of a file in the container. Its folder keeps its name, which may say a dump's site."""
    whole = file.resolve()
    return f"{INPUT}/{whole.parent.name}/{whole.name}"


def given_options(context: click.Context, *without: str) -> list[str]:
    """Return the options of a command as its caller gave them, but for those left out."""
    words = []
    for each in context.command.params:
        name, value = str(each.name), context.params[str(each.name)]
        if name in without or context.get_parameter_source(name) != ParameterSource.COMMANDLINE:
            continue
        option = each.opts[0]
        if isinstance(each, click.Option) and each.is_flag:
            words += [option] if value else []
        else:
            words += [option, str(value)]
    return words
