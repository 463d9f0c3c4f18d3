"""CPU quotas by cgroup, version 1 or 2, where this user may write them.

A quota of the kernel is an amount of CPU time for each period. What has used it up waits for the next period,
so the default period of 100 ms would add up to 100 ms to a response. Ours is short.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from workshop import signals
from workshop.testbed.process import NotMeasured

PERIOD_US = 10_000
LEAST_QUOTA_US = 1_000
"""The kernel accepts no smaller quota."""

LEAST_CORES = LEAST_QUOTA_US / PERIOD_US
REMOVE_SECONDS = 5.0

V1, V2 = "cgroup v1", "cgroup v2"
PREFIX = "stones-compare-"


@dataclass
class Group:
    """A group of processes that share a quota of `cores`."""

    folder: Path
    cores: float
    members: list[int] = field(default_factory=list)

    def add(self, pids: Iterable[int]) -> None:
        """Move processes with all their threads into the group. What they start later is in it, too.

        Raises NotMeasured. A process that has ended meanwhile is left out.
        """
        for pid in pids:
            try:
                with suppress(ProcessLookupError):
                    (self.folder / "cgroup.procs").write_text(str(pid))
                    self.members.append(pid)
            except OSError as error:
                raise NotMeasured(f"Process {pid} cannot be put into a control group: {error}.") from error

    def throttled_seconds(self) -> float:
        """Return for how long its processes had to wait for their next period, in all."""
        with suppress(OSError):
            for line in (self.folder / "cpu.stat").read_text().splitlines():
                name, _, value = line.partition(" ")
                if name in ("throttled_time", "throttled_usec"):
                    return int(value) / (1e9 if name == "throttled_time" else 1e6)
        return 0.0


def available() -> str | None:
    """Return `cgroup v1` or `cgroup v2`, whichever limits CPU time here, or None."""
    for version, write in ((V1, _write_v1), (V2, _write_v2)):
        parent = _parent(version)
        if parent is not None and _is_possible(parent, write):
            return version
    return None


@contextmanager
def quota(cores: float, pids: Iterable[int] = ()) -> Iterator[Group]:
    """Give processes so many cores in all inside the block. Raises NotMeasured where that is not possible."""
    if cores < LEAST_CORES:
        raise NotMeasured(f"A quota of {cores:g} cores is too small: the least is {LEAST_CORES:g}.")
    version = available()
    if version is None:
        raise NotMeasured("This user may not set CPU quotas: there is no cgroup controller `cpu` to write.")
    with ExitStack() as stack:
        # A signal between making the folder and entering the block would leave it behind.
        with signals.shielded():
            parent = _parent(version) or Path()
            _remove_orphans(parent)
            group = Group(parent / f"{PREFIX}{os.getpid()}-{uuid4().hex[:8]}", cores)
            stack.callback(_remove, group.folder)
            group.folder.mkdir()
        (_write_v1 if version == V1 else _write_v2)(group.folder, cores)
        group.add(pids)
        yield group


def _parent(version: str) -> Path | None:
    """Return the folder of this process's own group where groups of that version are, if there is one."""
    wanted = "cpu" if version == V1 else ""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if wanted in controllers.split(",") and (mount := _mount(version)):
                own = mount / path.lstrip("/")
                # Version 2 allows no processes beside groups that have a controller.
                return own.parent if version == V2 and own != mount else own
    return None


def _mount(version: str) -> Path | None:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, options, *_ = line.split(" ")
        if version == V1 and kind == "cgroup" and "cpu" in options.split(","):
            return Path(folder)
        if version == V2 and kind == "cgroup2":
            return Path(folder)
    return None


def _is_possible(parent: Path, write: Callable[[Path, float], None]) -> bool:
    """Try it: permissions and delegated controllers have many forms."""
    trial = parent / f"{PREFIX}{os.getpid()}-trial-{uuid4().hex[:8]}"
    with signals.shielded():
        try:
            trial.mkdir()
            write(trial, 1.0)
        except OSError:
            return False
        finally:
            _remove(trial)
    return True


def _remove_orphans(parent: Path) -> None:
    """Remove the groups of processes that were killed before they could do so."""
    for folder in parent.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if not Path(f"/proc/{pid}").exists():
            _remove(folder)


def _write_v1(folder: Path, cores: float) -> None:
    (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (folder / "cpu.cfs_quota_us").write_text(str(round(cores * PERIOD_US)))


def _write_v2(folder: Path, cores: float) -> None:
    if "cpu" not in (folder / "cgroup.controllers").read_text().split():
        (folder.parent / "cgroup.subtree_control").write_text("+cpu")
    (folder / "cpu.max").write_text(f"{round(cores * PERIOD_US)} {PERIOD_US}")


def _remove(folder: Path) -> None:
    """Remove a group. Its processes go to the group above. Try again for a while, as it may be busy while
    processes end.
    """
    deadline = time.monotonic() + REMOVE_SECONDS
    while folder.exists():
        with suppress(OSError):
            for pid in (folder / "cgroup.procs").read_text().split():
                with suppress(OSError):
                    _procs_of_members(folder).write_text(pid)
        with suppress(OSError):
            folder.rmdir()
            return
        if time.monotonic() > deadline:
            raise NotMeasured(f"The control group {folder} could not be removed.")
        time.sleep(0.02)


def _procs_of_members(folder: Path) -> Path:
    """Return the file that takes the group's processes: that of this process's own group, where they came
    from.
    """
    if (folder / "cpu.max").exists() and (own := _own_v2()):
        return own / "cgroup.procs"
    return folder.parent / "cgroup.procs"


def _own_v2() -> Path | None:
    mount = _mount(V2)
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::") and mount:
            return mount / line[3:].lstrip("/")
    return None
