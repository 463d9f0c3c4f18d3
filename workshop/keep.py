"""`workshop mongod`: the embedded MongoDB alone, kept up in this terminal."""

import signal
import threading

import click

from workshop.stores.mongod import Mongod


@click.command()
def mongod() -> None:
    """Keep the embedded MongoDB up until Ctrl-C; steps started meanwhile use it."""
    asked = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: asked.set())
    with Mongod() as server:
        server.wait()
        click.echo(f"ready: mongodb://{server.host}:{server.port}")
        while not asked.wait(0.2):
            if not server.alive():
                raise click.ClickException(
                    f"mongod has died. The end of {server.log}:\n{server.last_words(3)}"
                )
