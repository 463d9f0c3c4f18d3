"""`./stones clean`: stop servers that a killed run left behind."""

import click

from workshop.stores.mail import MailCatcher
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer


@click.command()
def clean() -> None:
    """Stop the parts that still run, so that their files can be removed."""
    for part in (Mongod(), NatsServer(), MailCatcher()):
        if part.stop_leftover():
            click.echo(f"Stopped {part.name}.")
