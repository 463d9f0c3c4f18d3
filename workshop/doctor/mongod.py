"""Checks that there is a MongoDB server that runs here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import click

from kit.mongo.uri import database_of
from workshop.doctor.finding import MISSING, OK, Finding
from workshop.doctor.machine import has_embedded_mongod
from workshop.doctor.packages import EMBEDDED, install_command
from workshop.stores.mongod import OLDEST, UnsupportedProcessor, find_mongod, version

PACKAGES = {
    "libcurl.so.4": {"debian": "libcurl4", "fedora": "libcurl"},
    "libssl.so.3": {"debian": "libssl3", "fedora": "openssl-libs"},
    "libcrypto.so.3": {"debian": "libssl3", "fedora": "openssl-libs"},
    "liblzma.so.5": {"debian": "liblzma5", "fedora": "xz-libs"},
}
"""The packages of the libraries that the embedded server is linked with."""


def check_mongod() -> Finding:
    """Check the server that would be started."""
    if given := os.environ.get("MONGODB_URI"):
        try:
            database_of(given)
        except RuntimeError as error:
            return Finding("mongod", "wrong", True, str(error))
        return Finding("mongod", OK, False, "not needed: MONGODB_URI names a server")
    binary = None
    try:
        binary = find_mongod()
        found = version(binary)
    except UnsupportedProcessor as error:
        mend = "export MONGODB_URI='mongodb://OTHER-MACHINE/stones?replicaSet=rs0'"
        return Finding("mongod", "unsuitable", True, error.message, mend)
    except click.ClickException as error:
        return _lacking(binary or shutil.which("mongod"), error.message)
    origin = "on the PATH" if shutil.which("mongod") == str(binary) else "embedded"
    if found < OLDEST:
        return Finding("mongod", "too old", True, f"{found[0]}.{found[1]} {origin}", _another())
    return Finding("mongod", OK, True, f"{found[0]}.{found[1]} {origin}")


def missing_libraries(binary: str | Path) -> list[str]:
    """Return the shared libraries that a program needs and the system lacks (on Linux; empty elsewhere)."""
    if not shutil.which("ldd"):
        return []
    output = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False, errors="replace")
    return re.findall(r"^\s*(\S+) => not found", output.stdout, re.MULTILINE)


def _lacking(binary: str | Path | None, message: str) -> Finding:
    libraries = missing_libraries(binary) if binary else []
    if not libraries:
        return Finding("mongod", MISSING, True, message.splitlines()[0], _another())
    found = f"{binary} lacks {', '.join(libraries)}"
    by_family = [PACKAGES.get(library, {}) for library in libraries]
    names = {
        family: " ".join(dict.fromkeys(each[family] for each in by_family))
        for family in ("debian", "fedora")
        if all(family in each for each in by_family)
    }
    return Finding("mongod", "broken", True, found, install_command(names))


def _another() -> str | None:
    """Return a command that installs a server that runs here."""
    if has_embedded_mongod():
        return f"{EMBEDDED} --force-reinstall"
    return install_command({"macos": "mongodb/brew/mongodb-community"})
