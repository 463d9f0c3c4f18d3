"""Where the stores of the measured systems are: in memory, or on the disk."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MEMORY, DISK = "memory", "disk"
FOLDER = Path("/dev/shm")  # noqa: S108 - the file system in memory that Linux has
LEAST_BYTES = 3 * 2**30
"""What the stores of a run may need."""

SYNCS, BLOCK = 100, 4096


def available() -> str:
    """Return where they can be: in memory on a Linux that has room for them, else on the disk."""
    try:
        has_room = os.access(FOLDER, os.W_OK) and psutil.disk_usage(str(FOLDER)).free >= LEAST_BYTES
    except OSError:
        return DISK
    return MEMORY if has_room else DISK


@contextmanager
def stores_in(place: str) -> Iterator[None]:
    """Let state folders that are made inside the block be there."""
    before = tempfile.tempdir
    tempfile.tempdir = str(FOLDER) if place == MEMORY else before
    try:
        yield
    finally:
        tempfile.tempdir = before


def sync_ms() -> dict[str, float]:
    """Return how long the disk needs until a block of 4 KB is on it: p50, p90 and the longest of a hundred
    times, in milliseconds.
    """
    found = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            os.pwrite(file.fileno(), os.urandom(BLOCK), 0)
            os.fsync(file.fileno())
            found.append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)
    found.sort()
    return {"0.5": found[SYNCS // 2], "0.9": found[SYNCS * 9 // 10], "max": found[-1]}
