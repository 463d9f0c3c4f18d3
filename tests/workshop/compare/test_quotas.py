"""CPU quotas of processes, and that no control group is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from workshop.compare.system import quotas
from workshop.testbed.process import NotMeasured

ROOT = Path(__file__).resolve().parents[3]
BUSY = "while True: pass"
HOLDER = f"""
import subprocess, sys, time
from workshop.compare.system.quotas import quota
busy = subprocess.Popen([sys.executable, "-c", {BUSY!r}])
try:
    with quota(0.1, [busy.pid]) as group:
        print(group.folder, flush=True)
        time.sleep(600)
finally:
    busy.kill()
"""

needs_quotas = pytest.mark.skipif(quotas.available() is None, reason="this user may not set CPU quotas")


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        yield process
        process.kill()


@needs_quotas
def test_busy_process_is_throttled_inside_the_block_and_nothing_is_left(
    busy: subprocess.Popen[bytes],
) -> None:
    with quotas.quota(0.1, [busy.pid]) as group:

        def is_throttled() -> None:
            assert group.throttled_seconds() > 0

        eventually(is_throttled, 60)
        assert str(busy.pid) in (group.folder / "cgroup.procs").read_text().split()
    assert not group.folder.exists()
    assert busy.poll() is None


@needs_quotas
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_group_outlives_its_maker_for_long(number: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().decode().strip())
        inside = [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        holder.send_signal(number)
    if number == signal.SIGKILL:
        for pid in inside:
            os.kill(pid, signal.SIGKILL)
        with quotas.quota(1.0):
            pass
    assert not folder.exists()


@needs_quotas
def test_quota_below_the_least_of_the_kernel_is_refused() -> None:
    with pytest.raises(NotMeasured, match="too small"), quotas.quota(0.01):
        pass


def test_ended_process_is_left_out() -> None:
    if quotas.available() is None:
        pytest.skip("this user may not set CPU quotas")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        with quotas.quota(1.0, [ended.pid]) as group:
            assert group.members == []
