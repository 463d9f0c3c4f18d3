"""The git-ignored folder for data, secrets, logs and pids: WORKSHOP_STATE, by default `.state`."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workshop import interruption

ROOT = Path(__file__).resolve().parent.parent


def path() -> Path:
    """Where the state folder is or will be."""
    return Path(os.environ.get("WORKSHOP_STATE") or ROOT / ".state").expanduser().resolve()


def folder() -> Path:
    """The state folder, readable by its owner only; made if it is missing."""
    made = path()
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


@contextmanager
def locked(name: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock `name` inside the block. The kernel frees it however its holder ends.

    Raises KeyboardInterrupt when a signal asks to end while somebody else holds it.
    """
    with (folder() / f"{name}.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # a wait inside flock could not be given up
                interruption.obey()
                time.sleep(0.02)
        yield


def secret(name: str) -> str:
    """The secret of that name: made at random on first use, kept in secrets.json with mode 600."""
    path = folder() / "secrets.json"
    with locked("secrets"):
        known = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_private(path, json.dumps(known, indent=1))
    return str(known[name])


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, with mode 600 from its first byte."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
