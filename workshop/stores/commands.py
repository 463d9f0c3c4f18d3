"""`./stones mongod` and `./stones clean`: run the database without a step, and stop servers left running."""

import time

import click

from workshop import signals, state, terminal
from workshop.stores.mail import MailCatcher
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer

POLL_SECONDS = 0.2


@click.command()
def mongod() -> None:
    """Run the embedded MongoDB until Ctrl-C. Steps that start meanwhile use it."""
    signals.install()
    try:
        with Mongod() as server:
            server.wait()
            terminal.write(f"ready: mongodb://{server.host}:{server.port}")
            while not signals.received():
                if not server.is_alive():
                    raise click.ClickException(
                        f"mongod has died. The end of {server.log}:\n{server.log_end(lines=3)}"
                    )
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        pass
    finally:
        signals.ignore()


@click.command()
def clean() -> None:
    """Stop servers that a killed run left behind, and remove containers, their data and images."""
    for server in (Mongod(), NatsServer(), MailCatcher()):
        if server.force_stop():
            click.echo(f"Stopped {server.name}.")
    if (state.folder() / "containers").exists():
        from workshop.containers.engine import remove_all  # noqa: PLC0415 - only who has containers needs it

        for each in remove_all():
            click.echo(f"Removed the containers, data and images of step {each}.")
