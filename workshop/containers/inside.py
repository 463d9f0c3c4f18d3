"""`python -m workshop.containers.inside <step> <command> …`: the workshop's commands inside a container.

`prepare` makes MongoDB a replica set with a user for each service, loads the bundled posts if there are none,
and runs the step's own command `prepare`; all of it can be repeated. `load` takes the options of
`./stones load`. `initiate` makes the members in MONGO_MEMBERS a replica set, if this is the first of them,
and then waits to be ended. Others are the step's own commands, such as `rapids`.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

import click

from workshop import signals, state
from workshop.containers.files import PASSWORDS, placeholders
from workshop.containers.mongod import ContainerMongod, ReplicaSet, mongod_in_containers
from workshop.load.bundled import load_bundled
from workshop.load.command import load
from workshop.state import ROOT
from workshop.steps import Process, Step, read_step
from workshop.stores import Stores, open_posts
from workshop.stores.server import START_SECONDS

SECRETS = "/run/secrets"
PREPARE, LOAD, INITIATE = "prepare", "load", "initiate"
FIRST = "-0"
"""How the name of the first pod of several ends."""


def main() -> None:
    """Run what the command line names."""
    try:
        _main()
    except click.ClickException as error:
        sys.exit(f"Error: {error.format_message()}")
    except KeyboardInterrupt:
        sys.exit(signals.exit_code())


def _main() -> None:
    number, command, *arguments = sys.argv[1:]
    step = read_step(int(number))
    shutil.copyfile(f"{SECRETS}/{PASSWORDS}", state.folder() / "secrets.json")
    if command == PREPARE:
        signals.install()
        _prepare(step)
    elif command == INITIATE:
        signals.install()
        _initiate()
    elif command == LOAD:
        os.environ["MONGODB_URI"] = mongod_in_containers().uri(step.posts)
        load.main(["--step", number, *arguments], prog_name=LOAD)
    else:
        _run(step, step.commands[command], arguments)


def _initiate() -> None:
    mongod = mongod_in_containers()
    if isinstance(mongod, ReplicaSet) and os.environ["POD_NAME"].endswith(FIRST):
        mongod.initiate()
    while True:
        signals.check()
        time.sleep(1)


def _prepare(step: Step) -> None:
    mongod = mongod_in_containers()
    _await(mongod)
    mongod.provision()
    uris = {user: mongod.add_user(user, step.reads.get(user, ())) for user in step.users}
    with open_posts(step, Stores(mongodb=uris)) as posts:
        load_bundled(posts)
    if step.prepare:
        _run(step, step.prepare)


def _await(mongod: ContainerMongod) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not mongod.is_responding():
        if time.monotonic() > deadline:
            sys.exit("MongoDB does not respond. See: docker compose logs mongo")
        time.sleep(0.2)


def _run(step: Step, process: Process, arguments: Sequence[str] = ()) -> None:
    """Run a command of the manifest. If it fails, exit with its exit code."""
    values = {**placeholders(step, mongod_in_containers()), "python": sys.executable}
    env = {name: template.format_map(values) for name, template in process.env.items()}
    command = [word.format_map(values) for word in process.command.split()]
    done = subprocess.run([*command, *arguments], cwd=ROOT, env={**os.environ, **env}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
