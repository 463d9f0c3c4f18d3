"""The programs that steps, tests and commands start."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from workshop.checks.finding import MISSING, OK, Finding
from workshop.checks.packages import as_root, install
from workshop.checks.ports import has_step
from workshop.stores.nats import OLDEST

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSERS_OF_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
EMBEDDED = f"{shlex.quote(sys.executable)} -m pip install --require-hashes -r requirements/embedded.txt"


def programs() -> list[Finding]:
    """NATS, Docker, a browser, git and make."""
    return [nats_server(), docker(), browser(), tool("git", needed=False), tool("make", needed=True)]


def nats_server() -> Finding:
    """A nats-server on the PATH that is new enough, else the one installed beside this Python."""
    if os.environ.get("NATS_URL"):
        return Finding("nats-server", OK, False, "not needed: NATS_URL names a server")
    needed = has_step(3)
    oldest = ".".join(map(str, OLDEST))
    seen = "none on the PATH"
    for folder, origin in ((None, "on the PATH"), (sysconfig.get_path("scripts"), "embedded")):
        binary = shutil.which("nats-server", path=folder)
        version = re.search(r"v(\d+)\.(\d+)\.\d+", _output(binary, "--version") or "") if binary else None
        if version and (int(version[1]), int(version[2])) >= OLDEST:
            return Finding("nats-server", OK, needed, f"{version[0]} {origin}")
        if binary:
            seen = f"{binary} is {version[0] if version else 'no server that runs'}"
    mend = install({"macos": "nats-server"}) if sys.platform == "darwin" else EMBEDDED
    return Finding("nats-server", MISSING, needed, f"{seen}; {oldest} or newer is needed for step 3", mend)


def docker() -> Finding:
    """Whether a Docker engine answers; the client alone is not enough."""
    if not shutil.which("docker"):
        names = {"debian": "docker.io", "fedora": "moby-engine", "macos": "--cask docker-desktop"}
        return Finding(
            "Docker", MISSING, False, "no docker on the PATH; nothing here needs it yet", install(names)
        )
    try:
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Docker", "broken", False, f"the client does not work: {error}", _start_docker())
    if asked.returncode == 0 and asked.stdout.strip():
        return Finding("Docker", OK, False, f"engine {asked.stdout.strip()}")
    if "permission denied" in asked.stderr.lower():
        mend = as_root("usermod -aG docker $USER") + " && newgrp docker"
        return Finding("Docker", "refused", False, "this user may not talk to the engine", mend)
    return Finding("Docker", "stopped", False, "the client is here, no engine answers it", _start_docker())


def browser() -> Finding:
    """A Chromium that runs, for the browser tests."""
    for name in (*BROWSERS, *BROWSERS_OF_MACOS):
        if (binary := shutil.which(name)) and (told := _output(binary, "--version")):
            return Finding("browser", OK, False, told.strip().splitlines()[0])
    names = {
        "debian": "chromium",
        "ubuntu": "chromium-browser",
        "fedora": "chromium",
        "macos": "--cask chromium",
    }
    return Finding(
        "browser", MISSING, False, "no Chromium or Chrome; only browser tests use it", install(names)
    )


def tool(name: str, *, needed: bool) -> Finding:
    """A command-line tool that is called the same everywhere."""
    binary = shutil.which(name)
    told = _output(binary, "--version") if binary else None
    if told:
        return Finding(name, OK, needed, told.splitlines()[0])
    found = f"{binary} does not run" if binary else "not on the PATH"
    return Finding(name, MISSING, needed, found, install({"debian": name, "fedora": name, "macos": name}))


def _start_docker() -> str:
    if os.environ.get("DOCKER_HOST"):
        return "unset DOCKER_HOST"
    if sys.platform == "darwin":
        return "open -a Docker"
    return as_root("systemctl start docker" if shutil.which("systemctl") else "service docker start")


def _output(binary: str | Path, *arguments: str) -> str | None:
    """What a program prints; None when it fails."""
    try:
        told = subprocess.run(
            [binary, *arguments], capture_output=True, text=True, timeout=20, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout
