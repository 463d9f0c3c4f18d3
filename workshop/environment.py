"""The environment of the processes that the workshop starts.

It consists only of what programs need from the system and of the settings that a step accepts. A caller's
shell is full of variables for Python, servers and other projects, and some have the same names as ours.
"""

import os
import re
from collections.abc import Iterable

import click

SYSTEM = {
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TMPDIR",
    "TMP",
    "TEMP",
    "TZ",
    "LANG",
    "LANGUAGE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
}
FAMILIES = ("LC_", "LD_", "DYLD_", "XDG_")
"""Prefixes of other system variables. Proxies are not among them: processes talk to others on this machine,
and pictures are fetched from addresses that were checked, not from one that a proxy finds.
"""

NUMBERS = ("_MINUTE", "_BYTES", "_KIB", "_SECONDS", "_ENTRIES", "_ONCE", "_INTERVAL", "_AGE", "_REPLICAS")
"""Suffixes of settings that have to be numbers."""

ANY_SETTING = "STONES_"
"""The prefix with which any variable can be set for a step's processes."""

OURS = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
"""Output is read line by line as UTF-8."""


def inherited() -> dict[str, str]:
    """Return the variables that every process gets."""
    return {name: value for name, value in os.environ.items() if _is_of_system(name)} | OURS


def overrides(settings: Iterable[str]) -> dict[str, str]:
    """Return the settings that the caller's environment sets. A `*` at the end of a name stands for any
    ending. Empty values do not count. Variables with the prefix STONES_ take precedence, without that prefix.
    """
    known = tuple(settings)
    plain = {name: value for name, value in os.environ.items() if value and _is_among(name, known)}
    prefixed = {
        name.removeprefix(ANY_SETTING): value
        for name, value in os.environ.items()
        if value and name.startswith(ANY_SETTING)
    }
    return plain | prefixed


def require_numbers(settings: Iterable[str]) -> None:
    """Raise click.ClickException when a setting that has to be a number is none."""
    for name, value in overrides(settings).items():
        if name.endswith(NUMBERS) and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value, re.ASCII):
            raise click.ClickException(f"{name}={value} is not a number, but it has to be one.")


def _is_of_system(name: str) -> bool:
    return name in SYSTEM or name.startswith(FAMILIES)


def _is_among(name: str, known: Iterable[str]) -> bool:
    return any(name.startswith(each[:-1]) if each.endswith("*") else name == each for each in known)
