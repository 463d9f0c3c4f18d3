"""Troubles that files give - permissions, disks - in plain words that name what to do."""

import errno
import os
import pwd
import shlex
import shutil
from pathlib import Path

import click

from workshop import state

LEAST_FREE_BYTES = 300_000_000
"""What MongoDB's journal alone takes at its first start, and a little."""

ELSEWHERE = "have the data elsewhere with WORKSHOP_STATE=FOLDER"
FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM}


def in_words(error: OSError) -> str | None:
    """What is wrong and what to do; None where that is not known."""
    path = Path(os.fsdecode(error.filename)) if error.filename is not None else state.path()
    if error.errno in FULL:
        return f"The disk is full: {path} cannot be written. Free some space, or {ELSEWHERE}."
    if error.errno == errno.EROFS:
        return f"{path} lies on a disk that is read-only: {ELSEWHERE}."
    if error.errno in FORBIDDEN:
        return _not_ours(path)
    if error.errno in {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EMFILE, errno.EIO}:
        return f"{path}: {error.strerror}."
    return None


def no_room() -> str | None:
    """What to say of too little space for the stores; None where there is enough."""
    free = shutil.disk_usage(state.folder()).free
    if free >= LEAST_FREE_BYTES:
        return None
    return (
        f"The disk is full: {free / 1e6:,.0f} MB are free at {state.folder()}, and the stores need "
        f"{LEAST_FREE_BYTES / 1e6:,.0f} MB at least. Free some space, or {ELSEWHERE}."
    )


def require_usable_state() -> None:
    """Raise click.ClickException where servers could not write in the state folder: for lack of space, or for
    files of another user's.
    """
    if trouble := no_room():
        raise click.ClickException(trouble)
    for folder, folders, files in os.walk(state.folder()):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.exists() and not os.access(path, os.R_OK | os.W_OK):
                raise click.ClickException(_not_ours(path))


def _not_ours(path: Path) -> str:
    there = next((each for each in (path, *path.parents) if each.exists()), path)
    whole = state.path() if path.is_relative_to(state.path()) else there
    me = _name(os.geteuid())
    return (
        f"{path} cannot be used by {me}: {there} belongs to {_name(there.stat().st_uid)}. "
        f"If a run with sudo made it, this gives it back: sudo chown -R {me} {shlex.quote(str(whole))}"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
