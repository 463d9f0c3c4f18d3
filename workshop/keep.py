"""`./stones mongod`: the embedded MongoDB alone, kept up in this terminal."""

import time

import click

from workshop import interruption, terminal
from workshop.stores.mongod import Mongod

ROUND_SECONDS = 0.2


@click.command()
def mongod() -> None:
    """Keep the embedded MongoDB up until Ctrl-C; steps started meanwhile use it."""
    interruption.watch()
    try:
        with Mongod() as server:
            server.wait()
            terminal.write(f"ready: mongodb://{server.host}:{server.port}")
            while not interruption.asked():
                if not server.alive():
                    words = f"The end of {server.log}:\n{server.last_words(3)}"
                    raise click.ClickException(f"mongod has died. {words}")
                time.sleep(ROUND_SECONDS)
    except KeyboardInterrupt:
        pass
    finally:
        interruption.finish()
