"""`./stones secrets`: prints the secrets of a step for `kubectl apply`."""

import base64
import json

import click

from workshop import terminal
from workshop.containers.compose import PREPARE
from workshop.containers.files import PASSWORDS, secret_files
from workshop.containers.mongod import ReplicaSet
from workshop.containers.parts import MONGO, NATS
from workshop.kubernetes.objects import Object, made, namespace
from workshop.kubernetes.stores import MEMBERS
from workshop.kubernetes.write import STEPS
from workshop.steps import Step, read_step

STORE_FILES = {"mongo.key": MONGO, "nats.conf": NATS, PASSWORDS: PREPARE}
"""The Secret that each file of a store belongs to."""


@click.command()
@click.option(
    "--step",
    "number",
    type=click.IntRange(min(STEPS), max(STEPS)),
    default=3,
    show_default=True,
    help="The step.",
)
def secrets(number: int) -> None:
    """Print the secrets of a step that runs in Kubernetes.

    They are made at the first call and stay the same: ./stones secrets --step 3 | kubectl apply -f -
    """
    items = objects(read_step(number))
    terminal.write(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1))


def objects(step: Step) -> list[Object]:
    """Return the Secrets of a step, one for each container and each store. Raises click.ClickException."""
    grouped: dict[str, dict[str, str]] = {}
    for file, content in secret_files(step, ReplicaSet(MEMBERS)).items():
        name, key = (STORE_FILES[file], file) if file in STORE_FILES else file.split(".", 1)
        grouped.setdefault(name, {})[key] = base64.b64encode(content.encode()).decode()
    found = [made("v1", "Secret", name, type="Opaque", data=data) for name, data in grouped.items()]
    for each in found:
        each["metadata"]["namespace"] = namespace(step.number)
    return found
