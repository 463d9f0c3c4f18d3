"""The images that containers are built from: the official ones, or ours where there is no image registry.

Ours are made of Debian's packages and of the servers that the workshop installs for machines without them.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from workshop.containers.compose import IMAGES, MONGO_USER
from workshop.containers.parts import MAIL_PORT, SMTP_PORT
from workshop.state import ROOT
from workshop.stores.mongod import find_mongod
from workshop.stores.nats import find_nats_server

SUITE = "bookworm"
PACKAGES = "python3,python3-pip,python3-venv,ca-certificates,libcurl4"
BASE, MONGO, NATS, MAIL = (f"stones-test/{name}" for name in ("base", "mongo", "nats", "mail"))
PIP = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
"""How this machine reaches its package index, which is nothing that a build of users needs."""

MAILBOX = ("python", "-m", "workshop.mailbox", "--host", "0.0.0.0")
BUILD_SECONDS = 1200


@cache
def variables() -> Mapping[str, str]:
    """Return the variables of compose that name the images. Ours are built if they are missing."""
    if all(_succeeds("docker", "pull", "--quiet", each) for each in IMAGES.values()):
        return {}
    if not _succeeds("docker", "image", "inspect", BASE):
        _import_base()
    own_folder = f"RUN mkdir -p /data/db && chown {MONGO_USER} /data/db"  # as in the official image
    _build(MONGO, find_mongod(), "mongod", own_folder)
    _build(NATS, find_nats_server(), "nats-server")
    _build_mail()
    return {"BASE": BASE, "MONGO": MONGO, "NATS": NATS, "MAIL": MAIL}


def _import_base() -> None:
    """Make an image of Debian with its Python, as debootstrap installs it."""
    folder = Path(tempfile.mkdtemp(prefix="stones-base-"))
    try:
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder), _mirror())
        (folder / "usr/bin/python").symlink_to("python3")
        for path in filter(Path.exists, map(Path, PIP)):
            shutil.copy(path, folder / str(path).lstrip("/"))
        tar = subprocess.Popen(["tar", "-C", str(folder), "-c", "."], stdout=subprocess.PIPE)
        _run("docker", "import", "-", BASE, stdin=tar.stdout)
        assert tar.wait() == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mirror() -> str:
    """Return where this machine gets Debian's packages from."""
    known = subprocess.run(["apt-cache", "policy"], capture_output=True, text=True, check=True).stdout
    found = re.search(rf"(\S+://\S+) {SUITE}/main", known)
    assert found, "No mirror of Debian is known."
    return found[1]


def _build(image: str, program: Path, name: str, *more: str) -> None:
    """Make an image with a server's program, and with more lines in its Dockerfile."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(program, Path(folder, name))
        lines = [f"FROM {BASE}", f"COPY {name} /usr/local/bin/{name}", *more]
        Path(folder, "Dockerfile").write_text("".join(f"{line}\n" for line in lines))
        _run("docker", "build", "--tag", image, folder)


def _build_mail() -> None:
    """Make an image of the workshop's own mailbox, which has Mailpit's interface."""
    with tempfile.TemporaryDirectory() as folder:
        tools, own = f"{MAIL}-tools", Path(folder, "Dockerfile")
        arguments = [f"BASE={BASE}", "REQUIREMENTS=requirements/step0.txt"]
        options = [word for each in arguments for word in ("--build-arg", each)]
        options += ["--network", "host", "--file", "docker/tools.Dockerfile"]
        _run("docker", "build", *options, "--tag", tools, ".")
        command = [*MAILBOX, "--smtp-port", str(SMTP_PORT), "--http-port", str(MAIL_PORT)]
        own.write_text(f"FROM {tools}\nENTRYPOINT {json.dumps(command)}\n")
        _run("docker", "build", "--tag", MAIL, folder)


def _run(*command: str, stdin: object = subprocess.DEVNULL) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        stdin=stdin,  # type: ignore[arg-type]
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=BUILD_SECONDS, check=False).returncode == 0
