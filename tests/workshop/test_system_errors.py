"""Disks, permissions and processors that prevent a run are reported in plain words, without a traceback."""

import errno
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

from tests.support.make import ROOT, environment
from tests.support.nobody import NOBODY, as_nobody
from workshop.doctor.mongod import check_mongod
from workshop.file_errors import explain, require_usable_state
from workshop.ports import free_port
from workshop.stores.mongod import find_mongod, version


def workshop(*arguments: str, state: Path) -> str:
    """Call a command that has to fail, and return its output."""
    done = subprocess.run(
        [sys.executable, "-m", "workshop", *arguments],
        cwd=ROOT,
        env=environment(WORKSHOP_STATE=str(state), MONGO_PORT=str(free_port())),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.root
@pytest.mark.parametrize(
    ("option", "words"), [("rw", "The disk is full: 1"), ("ro", "is on a disk that is read-only")]
)
def test_full_disk_is_reported(tmp_path: Path, option: str, words: str) -> None:
    mounting = ["mount", "-t", "tmpfs", "-o", f"size=16m,{option}", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(mounting, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("takes root that may mount")
    try:
        output = workshop("mongod", state=tmp_path)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert words in output
    assert "WORKSHOP_STATE" in output


@pytest.mark.root
def test_files_of_a_run_with_sudo_are_reported_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("takes root, to be somebody else afterwards")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are for one user only
        state = Path(folder)
        state.chmod(0o777)
        (state / "mongo-6.0").touch(mode=0o600)
        monkeypatch.setenv("WORKSHOP_STATE", folder)
        found = as_nobody(refusal)
    assert f"{state / 'mongo-6.0'} belongs to root" in found
    assert found.endswith(f" sudo chown -R {pwd.getpwuid(NOBODY).pw_name} {state}")


def refusal() -> str:
    try:
        require_usable_state()
    except click.ClickException as error:
        return error.message
    return ""


def test_each_error_of_the_system_is_explained() -> None:
    for number, words in (
        (errno.EACCES, "sudo chown"),
        (errno.ENOSPC, "The disk is full"),
        (errno.EROFS, "read-only"),
        (errno.ENAMETOOLONG, "too long"),
    ):
        assert words in str(explain(OSError(number, os.strerror(number), str(ROOT))))
    assert explain(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None
    with pytest.raises(OSError, match="No space") as raised, Path("/dev/full").open("w") as full:
        full.write("x")
    assert "The disk is full" in str(explain(raised.value))


def test_processor_that_mongodb_cannot_use_gets_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "mongod"
    binary.write_text("#!/bin/sh\nkill -ILL $$\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for look in (find_mongod, lambda: version(binary)):
        with pytest.raises(click.ClickException, match="AVX") as raised:
            look()
        assert "MONGODB_URI" in raised.value.message
    found = check_mongod()
    assert found.status == "unsuitable"
    assert "AVX" in found.found
    assert found.mend is not None
    assert found.mend.startswith("export MONGODB_URI=")
