"""The environment that `make` creates: made again if it is broken, and independent of the caller's shell."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support import foreign_variables
from tests.support.eventually import eventually
from tests.support.make import VENV, copy_of_the_checkout, environment
from workshop.ports import free_port

BASE = Path(sys.executable).resolve()
ANEW = "-m venv"
LEAVE = """
import os
from workshop.stores.mail import MailCatcher
catcher = MailCatcher().__enter__().wait()
print(catcher.process.pid, flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, whose `.venv` is a link to this Python's."""
    return copy_of_the_checkout(tmp_path_factory.mktemp("checkout") / foreign_variables.ODD_NAME)


def make(checkout: Path, *words: str, **env: str) -> str:
    """Call make, check that it succeeds, and return its output."""
    done = subprocess.run(
        ["make", *words],
        cwd=checkout,
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def broken(checkout: Path, how: str) -> None:
    """Make a `.venv` that cannot be used."""
    venv = checkout / VENV
    venv.unlink()
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin/python"
    if how == "gone":
        python.symlink_to("/nowhere/python3")
    else:  # its packages are for another version of Python
        python.symlink_to(BASE)
        (venv / "lib/python3.7/site-packages/pip").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {BASE.parent}\ninclude-system-site-packages = false\n")


def mended(checkout: Path) -> None:
    shutil.rmtree(checkout / VENV, ignore_errors=True)
    (checkout / VENV).unlink(missing_ok=True)
    (checkout / VENV).symlink_to(sys.prefix)


@pytest.mark.parametrize("how", ["gone", "of another version"])
def test_environment_whose_python_has_changed_is_made_again(checkout: Path, how: str) -> None:
    assert ANEW not in make(checkout, "-n", "run")
    broken(checkout, how)
    try:
        assert ANEW in make(checkout, "-n", "run")
    finally:
        mended(checkout)


def test_interrupted_installation_is_repeated(checkout: Path, tmp_path: Path) -> None:
    begun = tmp_path / VENV
    begun.mkdir()
    for each in Path(sys.prefix).iterdir():
        (begun / each.name).symlink_to(each)
    words = ("-n", "run", f"VENV={begun}")
    assert ANEW not in make(checkout, *words)
    (begun / "installing").touch()
    assert ANEW in make(checkout, *words)


def test_clean_works_without_an_environment_and_stops_what_is_left(checkout: Path) -> None:
    state = checkout / ".state"
    env = {"WORKSHOP_STATE": str(state), **free_ports()}
    left = subprocess.run(
        [sys.executable, "-c", LEAVE], env=environment(**env), stdout=subprocess.PIPE, timeout=90, check=True
    )
    process = psutil.Process(int(left.stdout))
    broken(checkout, "gone")
    try:
        assert "Stopped mail." in make(checkout, "clean")
        eventually(lambda: _assert_ended(process), 10)
        assert not state.exists()
        assert not (checkout / VENV).exists()
    finally:
        mended(checkout)


def _assert_ended(process: psutil.Process) -> None:
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_doctor_works_without_an_environment_and_makes_none(checkout: Path) -> None:
    broken(checkout, "gone")
    try:
        assert "Ready for the first `make run`" in make(checkout, "doctor")
        assert not (checkout / VENV / "bin/pip").exists()
    finally:
        mended(checkout)


def test_shell_variables_are_not_arguments_of_make(checkout: Path) -> None:
    others = {"FILE": "x", "GENERATE": "1", "ARGS": "--bogus", "PYTHON": "python2", "PYTEST_WORKERS": "-n 99"}
    assert make(checkout, "-n", "load", "test", **others) == make(checkout, "-n", "load", "test")
    output = make(checkout, "-n", "run", STEP="2")
    assert "run --step 0" in output
    assert "Write: make … STEP=2" in output
    assert "run --step 2" in make(checkout, "-n", "run", "STEP=2")


def test_variables_of_python_do_not_reach_the_workshop(checkout: Path) -> None:
    output = make(checkout, "doctor", "-o", f"{VENV}/run.stamp", **foreign_variables.PYTHON, **free_ports())
    assert "Ready" in output or "Not ready" in output


def free_ports() -> dict[str, str]:
    return {
        name: str(free_port()) for name in ("MONGO_PORT", "NATS_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT")
    }


def test_only_settings_of_pip_about_downloads_are_used(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nquiet = 3\ntarget = /elsewhere\nindex-url = https://mirror.example/simple\ntimeout = 7\n"
        "extra-index-url =\n  https://one.example\n  https://two.example\n"
        "[install]\nuser = true\ntimeout = 8\nconstraint = /nowhere.txt\n[list]\nformat = json\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    reported = {
        "USER": "1",
        "PREFIX": "/elsewhere",
        "DRY_RUN": "1",
        "PYTHON": "/nowhere",
        "CERT": "/a b/c.pem",
    }
    for name, value in reported.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    spec = importlib.util.spec_from_file_location("install", checkout / "requirements/install.py")
    install = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(install)
    found = {name: value for name, value in install._env().items() if name.startswith("PIP_")}
    wanted = {"INDEX_URL": "https://mirror.example/simple", "TIMEOUT": "8", "CERT": "/a b/c.pem"}
    assert {f"PIP_{name}": value for name, value in wanted.items()}.items() <= found.items()
    assert found["PIP_EXTRA_INDEX_URL"].split() == ["https://one.example", "https://two.example"]
    assert found["PIP_CONFIG_FILE"] == os.devnull
    allowed = {f"PIP_{name.replace('-', '_').upper()}" for name in install.FETCHING}
    assert set(found) <= allowed | {"PIP_CONFIG_FILE", "PIP_DISABLE_PIP_VERSION_CHECK"}
