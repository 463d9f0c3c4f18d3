"""Explains errors with files, permissions and disks in plain words that say what to do."""

import errno
import os
import pwd
import shlex
import shutil
from pathlib import Path

import click

from workshop import state

MIN_FREE_BYTES = 300_000_000
"""How much space MongoDB's journal takes at its first start, and a little more."""

ELSEWHERE = "store the data elsewhere with WORKSHOP_STATE=FOLDER"
FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM}


def explain(error: OSError) -> str | None:
    """Return what is wrong and what to do, None if the error is none of those known here."""
    path = Path(os.fsdecode(error.filename)) if error.filename is not None else state.path()
    if error.errno in FULL:
        return f"The disk is full, so {path} cannot be written. Free some space, or {ELSEWHERE}."
    if error.errno == errno.EROFS:
        return f"{path} is on a disk that is read-only. Please {ELSEWHERE}."
    if error.errno in FORBIDDEN:
        return _not_ours(path)
    if error.errno in {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EMFILE, errno.EIO}:
        return f"{path}: {error.strerror}."
    return None


def low_disk_space() -> str | None:
    """Return a message if there is too little space for the stores, None if there is enough."""
    free = shutil.disk_usage(state.folder()).free
    if free >= MIN_FREE_BYTES:
        return None
    return (
        f"The disk is full: {free / 1e6:,.0f} MB are free at {state.folder()}, but the stores need "
        f"at least {MIN_FREE_BYTES / 1e6:,.0f} MB. Free some space, or {ELSEWHERE}."
    )


def require_usable_state() -> None:
    """Raise click.ClickException when servers could not write in the state folder, for lack of space or
    because files belong to another user.
    """
    if problem := low_disk_space():
        raise click.ClickException(problem)
    for folder, folders, files in os.walk(state.folder()):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.exists() and not os.access(path, os.R_OK | os.W_OK):
                raise click.ClickException(_not_ours(path))


def _not_ours(path: Path) -> str:
    existing = next((each for each in (path, *path.parents) if each.exists()), path)
    whole = state.path() if path.is_relative_to(state.path()) else existing
    me = _user_name(os.geteuid())
    return (
        f"{me} cannot use {path}: {existing} belongs to {_user_name(existing.stat().st_uid)}. "
        f"If a run with sudo made it, get it back with: sudo chown -R {me} {shlex.quote(str(whole))}"
    )


def _user_name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
