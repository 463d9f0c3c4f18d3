"""The files that the containers of a step get: secrets, a file each, and the services file.

They lie in the state folder, which only its owner can enter. The files themselves can be read by all, as the
processes in containers run as another user.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workshop import state
from workshop.containers.mongod import ContainerMongod
from workshop.containers.parts import (
    MAIL,
    MONGO,
    MONGO_PORT,
    NATS,
    NATS_PORT,
    SERVICES_FILE,
    SMTP_PORT,
    parts,
    public_values,
    services_content,
)
from workshop.run.templates import Secrets
from workshop.state import ROOT
from workshop.steps import Step
from workshop.stores.nats import configuration, password, url_of
from workshop.stores.permissions import permissions

READABLE = 0o444
SETTINGS = ROOT / ".env"
SETTINGS_HEAD = (
    "# What `docker compose` uses in this folder. `make docker` writes it again, `make clean` removes it."
)
HERE = "127.0.0.1"
NATS_FOLDER = Path("/data")
"""Where the server's container keeps the streams."""

PASSWORDS = "prepare.json"
PORTS = "ports.json"
"""A compose file that publishes the stores on this machine."""


def folder(step: int) -> Path:
    """Return the folder of a step's files."""
    return state.folder() / "containers" / f"step{step}"


def write_files(step: Step) -> None:
    """Write all files of a step. Secrets are made when they are first needed. Raises click.ClickException."""
    for name, content in contents(step).items():
        path = folder(step.number) / name
        if not path.exists() or path.read_text() != content:
            _write(path, content)
    write_services(step)


def write_services(step: Step, shares: Mapping[str, Mapping[str, int]] | None = None) -> None:
    """Write the file in which containers look up services and versions, by default with the shares of the
    manifest. Its folder is what they see, so they notice that it is replaced.
    """
    if not step.services:
        return
    own = {
        name: {version: each.share for version, each in service.versions.items()}
        for name, service in step.services.items()
    }
    path = services_folder(step.number) / Path(SERVICES_FILE).name
    content = json.dumps(services_content(step, shares or own), indent=1)
    if not path.exists() or path.read_text() != content:
        _write(path, content)


def write_compose_settings(step: int, project: str, file: Path) -> None:
    """Write what compose needs to know in this folder, so that `docker compose up --scale search=3` does what
    it says. A file of somebody else stays.
    """
    if SETTINGS.exists() and not SETTINGS.read_text(encoding="utf-8").startswith(SETTINGS_HEAD):
        return
    values = {
        "COMPOSE_PROJECT_NAME": project,
        "COMPOSE_FILE": file.relative_to(ROOT),
        "STONES_CONTAINERS": folder(step).parent,
    }
    lines = [SETTINGS_HEAD, *(f"{name}='{value}'" for name, value in values.items())]
    SETTINGS.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def remove_compose_settings() -> None:
    """Remove that file, unless it is somebody else's."""
    if SETTINGS.exists() and SETTINGS.read_text(encoding="utf-8").startswith(SETTINGS_HEAD):
        SETTINGS.unlink()


def services_folder(step: int) -> Path:
    """Return the folder of the services file, which holds nothing else."""
    return folder(step) / "services"


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    state.write_private(path, content)
    path.chmod(READABLE)


def contents(step: Step) -> dict[str, str]:
    """Return the content of each file by its name. Raises click.ClickException."""
    published = {PORTS: json.dumps({"services": _published(step)}, indent=1)}
    return published | _for_this_machine(step) | secret_files(step, ContainerMongod())


def secret_files(step: Step, mongod: ContainerMongod) -> dict[str, str]:
    """Return the files with secrets by name, `<container>.<variable>` if one container gets it. Raises
    click.ClickException.
    """
    users = step.nats.users if step.nats else ()
    values = placeholders(step, mongod)
    found = {
        f"{part.name}.{variable}": template.format_map(values)
        for part in parts(step)
        for variable, template in part.secrets.items()
    }
    found["mongo.key"] = state.secret("mongo key").replace("-", "+").replace("_", "/")
    if step.nats:
        passwords = {user: password(user) for user in users}
        found["nats.conf"] = configuration(
            "0.0.0.0",  # noqa: S104 - inside its container
            NATS_PORT,
            NATS_FOLDER,
            passwords,
            permissions(step.nats),
        )
    names = [f"mongo user {user}" for user in ("workshop", *step.users)]
    names += [f"nats user {user}" for user in users]
    found[PASSWORDS] = json.dumps({name: state.secret(name) for name in names})
    return found


def placeholders(step: Step, mongod: ContainerMongod) -> dict[str, Any]:
    """Return what the placeholders of a manifest stand for in containers, secrets among them."""
    users = step.nats.users if step.nats else ()
    return {
        **public_values(step),
        "mongodb": {user: mongod.uri(user) for user in step.users},
        "nats": {user: nats_url(user) for user in users},
        "secrets": Secrets(step.number),
    }


def nats_url(user: str, host: str = NATS) -> str:
    """Return the address of the NATS server in a container, with the credentials of a user."""
    return url_of(user, host, NATS_PORT)


def _published(step: Step) -> dict[str, dict[str, list[str]]]:
    ports = {MONGO: [MONGO_PORT], MAIL: [SMTP_PORT], **({NATS: [NATS_PORT]} if step.nats else {})}
    return {name: {"ports": [f"{HERE}:{port}:{port}" for port in each]} for name, each in ports.items()}


def _for_this_machine(step: Step) -> dict[str, str]:
    """Return, by user, a file of variables for a process on this machine that uses the stores."""
    found: dict[str, dict[str, str]] = {}
    for user in step.users:
        uri = f"mongodb://{user}:{quote(state.secret(f'mongo user {user}'))}@{HERE}:{MONGO_PORT}/{user}"
        found[user] = {"MONGODB_URI": f"{uri}?authSource={user}&directConnection=true"}
    for user in step.nats.users if step.nats else ():
        variables = found.setdefault(f"step{step.number}_{user}", {})
        variables["NATS_URL"] = nats_url(user, HERE)
    mail = {"SMTP_HOST": HERE, "SMTP_PORT": str(SMTP_PORT)}
    return {
        f"{name}.env": "".join(f"{key}={value}\n" for key, value in {**each, **mail}.items())
        for name, each in found.items()
    }
