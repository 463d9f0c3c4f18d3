"""Which variables of a caller's shell reach the processes that the workshop starts."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from tests.support import foreign_variables
from tests.support.clean_environment import clean_environment
from workshop import environment
from workshop.run.templates import Renderer
from workshop.steps import Process, read_step
from workshop.stores import Stores

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = {**foreign_variables.SHELL, **foreign_variables.SECRETS, **foreign_variables.PYTHON}


@pytest.fixture
def render(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Renderer:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    return Renderer(
        read_step(0), Stores(mongodb={"monolith": "mongodb://here"}, smtp_host="::1", smtp_port=25)
    )


def test_variables_for_other_programs_do_not_reach_a_process(render: Renderer) -> None:
    process = read_step(0).processes[0]
    _, env = render(process)
    assert set(env) & set(FOREIGN) == {"SECRET_KEY", "PROMETHEUS_MULTIPROC_DIR"}
    assert "theirs" not in env.values()
    assert {name: env[name] for name in process.env if name.startswith(("MONGO", "SMTP"))} == {
        "MONGODB_URI": "mongodb://here",
        "SMTP_HOST": "::1",
        "SMTP_PORT": "25",
    }


def test_variables_of_the_system_reach_a_process(render: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    system = {"PATH": "/bin", "HOME": "/nowhere", "LC_ALL": "C", "LD_LIBRARY_PATH": "/lib", "TZ": "UTC"}
    for name, value in system.items():
        monkeypatch.setenv(name, value)
    _, env = render(read_step(0).processes[0])
    assert system.items() <= env.items()


def test_settings_of_the_step_and_variables_with_its_prefix_reach_a_process(
    render: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARES_PER_MINUTE", "5")
    monkeypatch.setenv("IMAGE_MAX_BYTES", "")  # empty is as good as not set
    monkeypatch.setenv("STONES_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("STONES_PORT", "1")
    _, env = render(Process("web", "{python}", {"PORT": "2"}, {"PORT": "3"}))
    assert (env["SHARES_PER_MINUTE"], env["LOG_LEVEL"], env["PORT"]) == ("5", "DEBUG", "3")
    assert "IMAGE_MAX_BYTES" not in env


def test_placeholder_that_stands_for_nothing_is_told(render: Renderer) -> None:
    with pytest.raises(
        click.ClickException, match=r"like needs {mongodb\[step3_like\]}, and there is no step3_like"
    ):
        render(Process("like", "{python}", {"MONGODB_URI": "{mongodb[step3_like]}"}))


def test_pattern_names_several_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPIDS_MAX_AGE", "60")
    monkeypatch.setenv("RAPID", "60")
    assert environment.overrides(["RAPID_*", "RAPIDS_*"]) == {"RAPIDS_MAX_AGE": "60"}


@pytest.mark.parametrize("manifest", sorted(ROOT.glob("step*/step.toml")), ids=lambda path: path.parent.name)
def test_the_readmes_name_every_setting_that_reaches_a_step(manifest: Path) -> None:
    texts = [ROOT / "docs" / "commands.md", *manifest.parent.rglob("README.md")]
    output = set(re.findall(r"\b[A-Z][A-Z0-9_]+", "".join(path.read_text() for path in texts)))
    settings = tomllib.loads(manifest.read_text())["settings"]
    assert [
        each for each in settings if not any(re.fullmatch(each.replace("*", ".*"), name) for name in output)
    ] == []


def test_tests_run_without_variables_for_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_URL", raising=False)
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    before = dict(environment.os.environ)
    try:
        clean_environment()
        assert not set(environment.os.environ) & set(FOREIGN)
    finally:
        environment.os.environ.clear()
        environment.os.environ.update(before)


@pytest.mark.parametrize(("first", "ignored"), [("", "True True"), ("receive_signals()", "False False")])
def test_child_processes_of_tests_receive_ignored_signals(first: str, ignored: str) -> None:
    shown = "import signal as s; print(*[s.getsignal(each) == s.SIG_IGN for each in (s.SIGHUP, s.SIGINT)])"
    program = f"""
import subprocess, sys
from tests.support.clean_environment import receive_signals
{first}
subprocess.run([sys.executable, "-c", {shown!r}], check=True)
"""
    as_a_job = ["sh", "-c", 'trap "" HUP INT; exec "$0" -c "$1"', sys.executable, program]
    output = subprocess.run(as_a_job, cwd=ROOT, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == ignored


def test_invalid_number_in_a_setting_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHARES_PER_MINUTE", "many")
    with pytest.raises(click.ClickException, match="SHARES_PER_MINUTE=many is not a number"):
        read_step(0)
