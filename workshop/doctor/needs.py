"""What commands need: download, disk, memory and time. All figures of texts and of the doctor are here.

Sizes of downloads are those of the files that pip fetches for x86-64 Linux; they are measured again by
`.venv/bin/python -m pip download --require-hashes -d FOLDER -r LOCK …`, with the files of RUN_LOCKS in the
Makefile. Sizes on the disk are those of .venv, and of .state after the first run. Memory of the steps is what
the published comparison measured, rounded up. Times are those of two processors, without the download.
"""

import json
from dataclasses import dataclass
from math import ceil

from workshop.state import ROOT

COMPARISON = ROOT / "docs" / "comparison" / "figures.json"
MB, GB = 1_000_000, 1_000_000_000


@dataclass(frozen=True)
class Need:
    """What a command needs, 0 where it is not known or nothing more than others. `stamp` is the file in .venv
    that says that what it downloads is installed.
    """

    what: str
    time: str
    download_bytes: int = 0
    disk_bytes: int = 0
    memory_bytes: int = 0
    stamp: str = ""

    def is_installed(self) -> bool:
        """Whether nothing has to be downloaded any more."""
        return bool(self.stamp) and (ROOT / ".venv" / self.stamp).exists()


def _steps() -> list[Need]:
    found = json.loads(COMPARISON.read_text(encoding="utf-8"))
    return [
        Need(
            f"make run STEP={step}",
            f"{ceil(found['start'][step]['value']['middle'])} s until it is ready",
            memory_bytes=_rounded_up(found["memory"][step]["value"]["middle"]),
        )
        for step in ("0", "1", "2", "3")
    ]


def _rounded_up(size: float) -> int:
    return ceil(size / (100 * MB)) * 100 * MB


NEEDS = (
    Need("first make run", "1 minute", 88 * MB, 700 * MB, stamp="run.stamp"),
    *_steps(),
    Need("first make test", "1 minute", 242 * MB, 900 * MB, stamp="dev.stamp"),
    Need("make test", "7 to 11 minutes"),
    Need("make test STEP=0", "2 minutes"),
    Need("make learn", "half a day"),
    Need("make compare QUICK=1", "6 minutes", memory_bytes=6 * GB),
    Need("make compare", "1 hour", memory_bytes=6 * GB),
)
