"""The `workshop` command. Each subcommand is imported when it is called."""

import signal
from importlib import import_module
from typing import Any

import click

from workshop.file_errors import explain

COMMANDS = {
    "run": "workshop.run.command",
    "load": "workshop.load.command",
    "mongod": "workshop.stores.commands",
    "learn": "workshop.learn.commands",
    "check": "workshop.learn.commands",
    "reset": "workshop.learn.commands",
    "doctor": "workshop.doctor.command",
    "scale": "workshop.services.commands.scale",
    "versions": "workshop.services.commands.versions",
    "services": "workshop.services.commands.table",
    "replace": "workshop.services.commands.replace",
    "rebuild": "workshop.services.commands.rebuild",
    "rapids": "workshop.services.commands.step_command",
    "hang": "workshop.experiment.hang",
    "watch": "workshop.experiment.watch",
    "bench": "workshop.bench.command",
    "compare": "workshop.compare.command",
    "figures": "workshop.figures.command",
    "legs": "workshop.legs.command",
    "sizing": "workshop.sizing.command",
    "slides": "workshop.slides.command",
    "docker": "workshop.containers.command",
    "secrets": "workshop.kubernetes.command",
    "clean": "workshop.stores.commands",
}


class LazyGroup(click.Group):
    """A group that knows the names of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[name]), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Explain errors with files in plain words."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if explanation := explain(error):
                raise click.ClickException(explanation) from None
            raise


@click.group(cls=LazyGroup)
def main() -> None:
    """The tools behind the Makefile."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:  # set in __main__
        signal.signal(signal.SIGINT, signal.default_int_handler)
