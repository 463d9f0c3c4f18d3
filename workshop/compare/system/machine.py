"""What the machine is, for the report."""

import contextlib
import platform
import subprocess
from pathlib import Path
from typing import Any

import click
import psutil

from workshop import state
from workshop.stores.mongod import find_mongod
from workshop.stores.mongod import version as mongod_version
from workshop.stores.nats import find_nats_server
from workshop.stores.nats import version as nats_version


def describe() -> dict[str, Any]:
    """Return the processor, cores, memory and system of this machine, and the versions of the servers; None
    for what cannot be found out.
    """
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "mongod": _version(lambda: mongod_version(find_mongod())),
        "nats": _version(lambda: nats_version(find_nats_server())),
    }


def commit() -> str:
    """Return the commit that is checked out, with a `+` if files differ from it; empty without git."""
    try:
        found = _git("rev-parse", "--short=10", "HEAD")
        return f"{found}+" if found and _git("status", "--porcelain", "--untracked-files=no") else found
    except OSError:
        return ""


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(state.ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or None


def _version(find: Any) -> str | None:
    with contextlib.suppress(click.ClickException, OSError):
        return ".".join(map(str, find()))
    return None
