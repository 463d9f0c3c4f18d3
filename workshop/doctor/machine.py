"""Checks the machine itself: Python, system, memory, disk, permissions."""

import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path

from workshop import state
from workshop.doctor.finding import MISSING, OK, Finding
from workshop.doctor.packages import install_command

OLDEST_PYTHON = (3, 11)
ENOUGH_BYTES = 2_000_000_000
MEMORY = Path("/proc/meminfo")
MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def check_machine() -> list[Finding]:
    """Check Python, system, memory and disk of this machine, and what this user may do."""
    return [
        check_python(sys.version_info[:3]),
        *check_venv(),
        check_system(sys.platform, platform.machine()),
        check_space("memory", free_memory()),
        check_space("disk", free_disk()),
        check_root(os.geteuid()),
    ]


def check_python(version: tuple[int, ...]) -> Finding:
    """Check that Python is new enough."""
    newer = {"debian": "python3.12 python3.12-venv", "fedora": "python3.12", "macos": "python@3.12"}
    found = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return Finding("Python", OK, True, found)
    return Finding("Python", "too old", True, f"{found}; 3.11 or newer is needed", install_command(newer))


def check_venv() -> list[Finding]:
    """Check that this Python can make virtual environments, unless it runs in one already."""
    if sys.prefix != sys.base_prefix or all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        return []
    mend = install_command({"debian": "python3-venv"})
    return [Finding("venv", MISSING, True, "this Python cannot make virtual environments", mend)]


def check_root(user: int) -> Finding:
    """Check whether this user may limit the processor time of groups of processes, as root may."""
    if user == 0:
        return Finding("root", OK, False, "this user is root")
    left_out = "scaling in make compare (unless Docker runs), some tests"
    return Finding("root", "no", False, "this user is not root", None, left_out)


def check_system(name: str, architecture: str) -> Finding:
    """Check that the workshop runs on this system, and report whether the embedded MongoDB does."""
    found = f"{name} on {architecture}"
    if name == "win32":
        return Finding("system", "unsuitable", True, f"{found}; use Linux inside WSL 2", "wsl --install")
    if has_embedded_mongod(name, architecture):
        return Finding("system", OK, True, found)
    return Finding(
        "system", OK, True, f"{found}; MongoDB must be installed: the embedded one needs x86-64 Linux"
    )


def has_embedded_mongod(name: str = sys.platform, architecture: str = platform.machine()) -> bool:
    """Return whether the embedded server was built for this system."""
    return name == "linux" and architecture == "x86_64"


def check_space(kind: str, free: int) -> Finding:
    """Check that `free` bytes of memory or disk are enough."""
    found = f"{free / 1e9:.1f} GB free"
    if free >= ENOUGH_BYTES:
        return Finding(kind, OK, True, found)
    show = {"memory": "ps aux | sort -rnk 4 | head", "disk": "du -xh -d 2 ~ | sort -rh | head"}
    return Finding(
        kind, "low", True, f"{found}; 2 GB are needed. The command shows what uses most", show[kind]
    )


def free_memory() -> int:
    """Return how many bytes programs can still get, at most the limit of the container."""
    available = _available_memory()
    for path in map(Path, MEMORY_LIMITS):
        if path.exists() and (limit := path.read_text().strip()).isdigit():
            available = min(available, int(limit))
    return available


def free_disk() -> int:
    """Return how many bytes are free for this user where the data goes (WORKSHOP_STATE, else the
    repository).
    """
    folder = state.path()
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(existing).free


def _available_memory() -> int:
    """Return how many bytes are not in use; where only a package knows that, and it is not there yet, all."""
    if MEMORY.exists():
        fields = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) * 1024
    try:
        import psutil  # noqa: PLC0415
    except ModuleNotFoundError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(psutil.virtual_memory().available)
