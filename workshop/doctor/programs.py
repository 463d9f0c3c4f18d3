"""Checks the programs that steps, tests and commands start."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from workshop.doctor.finding import MISSING, OK, Finding
from workshop.doctor.packages import as_root, install_command
from workshop.doctor.ports import has_step
from workshop.stores.nats import OLDEST

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSERS_OF_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
EMBEDDED = f"{shlex.quote(sys.executable)} -m pip install --require-hashes -r requirements/embedded.txt"


def check_programs() -> list[Finding]:
    """Check NATS, Docker, a browser, git and make."""
    return [
        check_nats_server(),
        check_docker(),
        check_browser(),
        check_tool("git", needed=False),
        check_tool("make", needed=True),
    ]


def check_nats_server() -> Finding:
    """Check for a nats-server that is new enough: on the PATH, else installed beside this Python."""
    if os.environ.get("NATS_URL"):
        return Finding("nats-server", OK, False, "not needed: NATS_URL names a server")
    needed = has_step(3)
    oldest = ".".join(map(str, OLDEST))
    found = "none on the PATH"
    for folder, origin in ((None, "on the PATH"), (sysconfig.get_path("scripts"), "embedded")):
        binary = shutil.which("nats-server", path=folder)
        version = re.search(r"v(\d+)\.(\d+)\.\d+", _output(binary, "--version") or "") if binary else None
        if version and (int(version[1]), int(version[2])) >= OLDEST:
            return Finding("nats-server", OK, needed, f"{version[0]} {origin}")
        if binary:
            found = f"{binary} is {version[0] if version else 'no server that runs'}"
    mend = install_command({"macos": "nats-server"}) if sys.platform == "darwin" else EMBEDDED
    return Finding("nats-server", MISSING, needed, f"{found}; step 3 needs {oldest} or newer", mend)


def check_docker() -> Finding:
    """Check that a Docker engine responds. The client alone is not enough."""
    if not shutil.which("docker"):
        names = {"debian": "docker.io", "fedora": "moby-engine", "macos": "--cask docker-desktop"}
        return Finding(
            "Docker", MISSING, False, "no docker on the PATH; only some tests use it", install_command(names)
        )
    try:
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Docker", "broken", False, f"the client does not work: {error}", _start_docker())
    if done.returncode == 0 and done.stdout.strip():
        return Finding("Docker", OK, False, f"engine {done.stdout.strip()}")
    if "permission denied" in done.stderr.lower():
        mend = as_root("usermod -aG docker $USER") + " && newgrp docker"
        return Finding("Docker", "refused", False, "this user may not use the engine", mend)
    return Finding("Docker", "stopped", False, "the client is here, but no engine responds", _start_docker())


def check_browser() -> Finding:
    """Check for a Chromium that runs, for the browser tests."""
    for name in (*BROWSERS, *BROWSERS_OF_MACOS):
        if (binary := shutil.which(name)) and (output := _output(binary, "--version")):
            return Finding("browser", OK, False, output.strip().splitlines()[0])
    names = {
        "debian": "chromium",
        "ubuntu": "chromium-browser",
        "fedora": "chromium",
        "macos": "--cask chromium",
    }
    return Finding(
        "browser", MISSING, False, "no Chromium or Chrome; only browser tests use it", install_command(names)
    )


def check_tool(name: str, *, needed: bool) -> Finding:
    """Check for a command-line tool that has the same name everywhere."""
    binary = shutil.which(name)
    output = _output(binary, "--version") if binary else None
    if output:
        return Finding(name, OK, needed, output.splitlines()[0])
    found = f"{binary} does not run" if binary else "not on the PATH"
    return Finding(
        name, MISSING, needed, found, install_command({"debian": name, "fedora": name, "macos": name})
    )


def _start_docker() -> str:
    if os.environ.get("DOCKER_HOST"):
        return "unset DOCKER_HOST"
    if sys.platform == "darwin":
        return "open -a Docker"
    return as_root("systemctl start docker" if shutil.which("systemctl") else "service docker start")


def _output(binary: str | Path, *arguments: str) -> str | None:
    """Return what a program prints, None if it fails."""
    try:
        output = subprocess.run(
            [binary, *arguments], capture_output=True, text=True, timeout=20, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return output.stdout
