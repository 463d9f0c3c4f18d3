"""`python -m workshop.containers.compose`: writes docker/compose.step<n>.yml from the steps' manifests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workshop.containers.files import PASSWORDS
from workshop.containers.parts import (
    MAIL,
    MAIL_PORT,
    MONGO,
    MONGO_PORT,
    NATS,
    SERVICE_PORT,
    SERVICES_FOLDER,
    Part,
    parts,
)
from workshop.default_ports import default_ports
from workshop.state import ROOT
from workshop.steps import Step, read_step, step_numbers

FOLDER = ROOT / "docker"
HEAD = """\
# Made from {manifest} by `python -m workshop.containers.compose`; a test compares.
# `make docker STEP={step}` makes the secrets and runs it.
"""
COMMON = "common.yml"
"""The file beside them with what all containers have in common."""

MONGO_USER = "999:999"
"""The user of the official image, who owns the folder for data there."""

IMAGES = {
    "BASE": "python:3.12-slim",
    "MONGO": "mongo:8.0",
    "NATS": "nats:2.15-alpine",
    "MAIL": "axllent/mailpit:v1.21",
}
"""The official images, by the variable with which another one is taken in its place."""

PREPARE = "prepare"
REQUIREMENTS = {
    0: "requirements/step0.txt",
    1: "requirements/step1.txt",
    2: "step2_services/requirements.txt",
    3: "step3_async/capture/requirements.txt",
}
"""What a step's own command `prepare` needs."""


def file_of(step: int) -> Path:
    """Return the compose file of a step."""
    return FOLDER / f"compose.step{step}.yml"


def content(step: Step) -> dict[str, Any]:
    """Return what the compose file of a step says."""
    number = step.number
    found = parts(step)
    needs = {PREPARE: {"condition": "service_completed_successfully"}}
    services: dict[str, Any] = {MONGO: _mongo()}
    if step.nats:
        services[NATS] = _nats()
    services[MAIL] = _mail()
    services[PREPARE] = _prepare(step)
    for part in found:
        services[part.name] = _service(step, part, needs)
    names = [*_store_secrets(step), *(f"{part.name}.{each}" for part in found for each in part.secrets)]
    return {
        "services": services,
        "secrets": {name: {"file": f"{_folder(number)}/{name}"} for name in names},
        "volumes": {"mongo": {}, **({"nats": {}} if step.nats else {})},
    }


def _store_secrets(step: Step) -> list[str]:
    return ["mongo.key", PASSWORDS, *(["nats.conf"] if step.nats else [])]


def _folder(step: int) -> str:
    return f"${{STONES_CONTAINERS:-../.state/containers}}/step{step}"


def _chosen(variable: str) -> str:
    return f"${{{variable}:-{IMAGES[variable]}}}"


def _extends(kind: str) -> dict[str, Any]:
    return {"extends": {"file": COMMON, "service": kind}}


def _build(dockerfile: str) -> dict[str, Any]:
    return {
        "context": "..",
        "dockerfile": dockerfile,
        "args": {"BASE": _chosen("BASE")},
    }


def mongod_command() -> str:
    """Return the shell command with which MongoDB's container starts it."""
    return (
        "cp /run/secrets/mongo.key /tmp/mongo.key && chmod 400 /tmp/mongo.key && exec mongod --replSet rs0 "
        f"--keyFile /tmp/mongo.key --bind_ip_all --port {MONGO_PORT} --dbpath /data/db --nounixsocket "
        "--wiredTigerCacheSizeGB 0.25 --networkMessageCompressors snappy,zstd "
        "--setParameter diagnosticDataCollectionEnabled=false "
        "--setParameter transactionLifetimeLimitSeconds=10 "
        "--setParameter shutdownTimeoutMillisForSignaledShutdown=100"
    )


def _mongo() -> dict[str, Any]:
    return {
        "image": _chosen("MONGO"),
        "command": ["sh", "-c", mongod_command()],
        **_extends("store"),
        "user": MONGO_USER,
        "secrets": ["mongo.key"],
        "volumes": ["mongo:/data/db"],
    }


def _nats() -> dict[str, Any]:
    return {
        "image": "stones/nats",
        "build": {
            "context": "..",
            "dockerfile": "docker/nats.Dockerfile",
            "args": {"NATS": _chosen("NATS")},
        },
        "command": ["--config", "/run/secrets/nats.conf"],
        **_extends("store"),
        "secrets": ["nats.conf"],
        "volumes": ["nats:/data"],
    }


def _mail() -> dict[str, Any]:
    return {
        "image": _chosen("MAIL"),
        **_extends("process"),
        "ports": [published("MAIL_HTTP_PORT", MAIL_PORT, MAIL_PORT)],
    }


def _prepare(step: Step) -> dict[str, Any]:
    """Return the container that prepares the stores. It shares MongoDB's network, as MongoDB obeys only who
    speaks to it from its own machine until it has a user.
    """
    args = {"BASE": _chosen("BASE"), "REQUIREMENTS": REQUIREMENTS[step.number]}
    return {
        "image": f"stones/step{step.number}-tools",
        "build": {"context": "..", "dockerfile": "docker/tools.Dockerfile", "args": args},
        "command": [str(step.number), "prepare"],
        **_extends("process"),
        "restart": "no",
        "network_mode": f"service:{MONGO}",
        "secrets": [PASSWORDS],
        "depends_on": [MONGO, *([NATS] if step.nats else [])],
    }


def _service(step: Step, part: Part, needs: dict[str, Any]) -> dict[str, Any]:
    number = step.number
    passed = {each: f"${{{each}:-}}" for each in step.settings if not each.endswith("*")}
    found: dict[str, Any] = {
        "image": f"stones/step{number}-{part.image}",
        "build": _build(f"{part.folder}/Dockerfile"),
        "environment": {**passed, **part.env},
        **_extends("process"),
        "depends_on": needs,
    }
    if "SERVICES_FILE" in part.env:
        found["volumes"] = [f"{_folder(number)}/services:{SERVICES_FOLDER}:ro"]
    if part.secrets:
        found["secrets"] = [{"source": f"{part.name}.{each}", "target": each} for each in part.secrets]
    if part.published:
        found["ports"] = [published(step.port_variable, part.published, part.published)]
    if part.shown:
        found["ports"] = [published(part.shown, default_ports()[part.shown], SERVICE_PORT)]
    return found


def published(variable: str, default: int, port: int) -> str:
    """Return how a container's port is published, on this machine alone: at the one that a variable names."""
    return f"127.0.0.1:${{{variable}:-{default}}}:{port}"


def text(step: Step) -> str:
    """Return the compose file of a step."""
    return HEAD.format(manifest=manifest_of(step.number), step=step.number) + as_yaml([content(step)])


def as_yaml(documents: Iterable[Any]) -> str:
    """Return documents as YAML, without references between their parts."""
    import yaml  # noqa: PLC0415 - only who changes a manifest needs it

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    return yaml.dump_all(documents, Dumper=Dumper, sort_keys=False, width=110)


def manifest_of(step: int) -> str:
    """Return the path of a step's manifest in the repository."""
    return str(next(ROOT.glob(f"step{step}_*/step.toml")).relative_to(ROOT))


if __name__ == "__main__":
    for each in step_numbers():
        file_of(each).write_text(text(read_step(each)))
