"""Checks the programs that steps, tests and commands start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from workshop.doctor.finding import MISSING, OK, Finding
from workshop.doctor.packages import as_root, install_command

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSERS_OF_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
BROWSER_PACKAGES = {
    "debian": "chromium",
    "ubuntu": "chromium-browser",
    "fedora": "chromium",
    "macos": "--cask chromium",
}
PACKAGES_OF_MACOS = {"npm": "node"}


def check_programs() -> list[Finding]:
    """Check make, git, Docker, a browser, npm and nginx."""
    return [
        check_tool("make", needed=True),
        check_tool("git", left_out="tests of the checkout"),
        check_docker(),
        check_browser(),
        check_tool("npm", left_out="make slides"),
        check_nginx(),
    ]


def check_docker() -> Finding:
    """Check that a Docker engine responds. The client alone is not enough."""
    if not shutil.which("docker"):
        names = {"debian": "docker.io", "fedora": "moby-engine", "macos": "--cask docker-desktop"}
        return _docker(MISSING, "not on the PATH", install_command(names))
    try:
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return _docker("broken", f"the client does not work: {error}", _start_docker())
    if done.returncode == 0 and done.stdout.strip():
        return _docker(OK, f"engine {done.stdout.strip()}")
    if "permission denied" in done.stderr.lower():
        mend = as_root("usermod -aG docker $USER") + " && newgrp docker"
        return _docker("refused", "this user may not use the engine", mend)
    return _docker("stopped", "the client is here, but no engine responds", _start_docker())


def check_browser() -> Finding:
    """Check for a Chromium that runs, for the browser tests."""
    for name in (*BROWSERS, *BROWSERS_OF_MACOS):
        if (binary := shutil.which(name)) and (output := output_of(binary, "--version")):
            return Finding("browser", OK, False, output.strip().splitlines()[0])
    return Finding(
        "browser",
        MISSING,
        False,
        "no Chromium or Chrome",
        install_command(BROWSER_PACKAGES),
        "browser tests and the PDF of make slides",
    )


def check_nginx() -> Finding:
    """Check for nginx, where users of Debian have it, too."""
    binary = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary:
        return Finding("nginx", OK, False, binary)
    mend = install_command(dict.fromkeys(("debian", "fedora", "macos"), "nginx"))
    return Finding("nginx", MISSING, False, "not on the PATH", mend, "tests behind a proxy")


def check_tool(name: str, *, needed: bool = False, left_out: str = "") -> Finding:
    """Check for a command-line tool that has the same name everywhere."""
    binary = shutil.which(name)
    output = output_of(binary, "--version") if binary else None
    if output:
        return Finding(name, OK, needed, output.splitlines()[0])
    found = f"{binary} does not run" if binary else "not on the PATH"
    names = {"debian": name, "fedora": name, "macos": PACKAGES_OF_MACOS.get(name, name)}
    return Finding(name, MISSING, needed, found, install_command(names), left_out)


def _docker(status: str, found: str, mend: str | None = None) -> Finding:
    return Finding("Docker", status, False, found, mend, "make docker and make test-docker")


def _start_docker() -> str:
    if os.environ.get("DOCKER_HOST"):
        return "unset DOCKER_HOST"
    if sys.platform == "darwin":
        return "open -a Docker"
    return as_root("systemctl start docker" if shutil.which("systemctl") else "service docker start")


def output_of(binary: str | Path, *arguments: str) -> str | None:
    """Return what a program prints, None if it fails."""
    try:
        output = subprocess.run(
            [binary, *arguments], capture_output=True, text=True, timeout=20, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return output.stdout
