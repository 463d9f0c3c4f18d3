"""The git-ignored folder for data, secrets, logs and process ids: WORKSHOP_STATE, by default `.state`."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workshop import signals

ROOT = Path(__file__).absolute().parent.parent
"""The checkout. A workspace of an exercise is one, too, with a link `workshop` that must not be followed."""


def path() -> Path:
    """Return the path of the state folder, which may not exist yet."""
    return Path(os.environ.get("WORKSHOP_STATE") or ROOT / ".state").expanduser().resolve()


def folder() -> Path:
    """Return the state folder, readable by its owner only. Create it if it is missing."""
    created = path()
    created.mkdir(mode=0o700, parents=True, exist_ok=True)
    return created


@contextmanager
def locked(name: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock `name` inside the block. The kernel frees it however its holder ends.

    Raises KeyboardInterrupt when a signal arrives while somebody else holds the lock.
    """
    with (folder() / f"{name}.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # a signal could not end a wait inside flock
                signals.check()
                time.sleep(0.02)
        yield


def secret(name: str) -> str:
    """Return the secret of that name. It is made at random on first use and kept in secrets.json with mode
    600.
    """
    path = folder() / "secrets.json"
    with locked("secrets"):
        known = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_private(path, json.dumps(known, indent=1))
    return str(known[name])


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically, with mode 600 from its first byte."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
