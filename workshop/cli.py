"""The `workshop` command; each subcommand is imported when it is called."""

import signal
from importlib import import_module
from typing import Any

import click

from workshop.troubles import in_words

COMMANDS = {
    "run": "workshop.run",
    "load": "workshop.load.command",
    "mongod": "workshop.keep",
    "doctor": "workshop.doctor",
    "scale": "workshop.services.scale",
    "versions": "workshop.services.versions",
    "services": "workshop.services.table",
    "replace": "workshop.services.replace",
    "rebuild": "workshop.services.rebuild",
    "rapids": "workshop.services.tool",
    "bench": "workshop.bench.command",
    "clean": "workshop.clean",
}


class LazyGroup(click.Group):
    """Knows its commands' names without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[name]), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; what files do to it is told in words."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if words := in_words(error):
                raise click.ClickException(words) from None
            raise


@click.group(cls=LazyGroup)
def main() -> None:
    """The tools behind the Makefile."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:  # from __main__, as long as nothing had begun
        signal.signal(signal.SIGINT, signal.default_int_handler)
