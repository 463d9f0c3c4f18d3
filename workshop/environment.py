"""The environment of the processes that the workshop starts.

It is made of what programs need of the system and of what a step lets one set, and of nothing else: a
caller's shell is full of variables for Python, servers and other projects, and some are called like ours.
"""

import os
import re
from collections.abc import Iterable

import click

SYSTEM = {
    *("HOME", "USER", "LOGNAME", "SHELL", "PATH", "TMPDIR", "TMP", "TEMP", "TZ", "LANG", "LANGUAGE"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"),
}
FAMILIES = ("LC_", "LD_", "DYLD_", "XDG_")
"""Beginnings of names of the system's other variables. Proxies are not among them: what runs here talks to
what runs here, and pictures are fetched from addresses that were checked, not from one that a proxy finds."""

NUMBERS = ("_MINUTE", "_BYTES", "_KIB", "_SECONDS", "_ENTRIES", "_ONCE", "_INTERVAL", "_AGE", "_REPLICAS")
"""Ends of names."""

ANY_SETTING = "STONES_"
"""With this in front, anything can be set for a step's processes."""

OURS = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
"""What is said is read line by line, as UTF-8."""


def inherited() -> dict[str, str]:
    """What any process is given."""
    return {name: value for name, value in os.environ.items() if _is_of_system(name)} | OURS


def given(settings: Iterable[str]) -> dict[str, str]:
    """What somebody has set of these settings, where `*` at the end stands for any ending; an empty value
    counts as none. What begins with STONES_ wins, under its name without that.
    """
    known = tuple(settings)
    plain = {name: value for name, value in os.environ.items() if value and _is_among(name, known)}
    named = {
        name.removeprefix(ANY_SETTING): value
        for name, value in os.environ.items()
        if value and name.startswith(ANY_SETTING)
    }
    return plain | named


def require_numbers(settings: Iterable[str]) -> None:
    """Raise click.ClickException where a setting is no number that by its name has to be one."""
    for name, value in given(settings).items():
        if name.endswith(NUMBERS) and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value, re.ASCII):
            raise click.ClickException(f"{name}={value} is no number, as it has to be.")


def _is_of_system(name: str) -> bool:
    return name in SYSTEM or name.startswith(FAMILIES)


def _is_among(name: str, known: Iterable[str]) -> bool:
    return any(name.startswith(each[:-1]) if each.endswith("*") else name == each for each in known)
