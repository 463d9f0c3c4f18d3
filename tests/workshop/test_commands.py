"""Every command that a README, the Makefile or `--help` names exists, and a test runs it."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from step3_async.rapids.cli import main as rapids
from tests.support import documented_commands
from tests.support.files import ROOT, texts
from tests.support.make import make
from tests.support.tested_commands import runs, words
from workshop.cli import main as workshop

NOT_RUN = {
    "lint": "`.ci/run` runs it, and once is enough",
    "lock": "it needs a package index",
    "docker": "it needs an engine; tests/docker run the command that it calls",
    "test-docker": "`.ci/run` runs it, on an engine",
    "mutants": "it takes hours",
}
"""Targets that no test runs, with the reason; a test checks what they would do."""

NAMED = sorted({(path, words) for path in texts() for words in documented_commands.make_commands(path)})
CALLED = sorted({(path, words) for path in texts() for words in documented_commands.workshop_commands(path)})


def named(given: tuple[object, tuple[str, ...]]) -> str:
    path, words = given
    return f"{path.parent.name}: {' '.join(words)}"


@cache
def targets() -> list[str]:
    """Return what `make help` lists."""
    return re.findall(r"^  make ([\w-]+)", make("help"), re.MULTILINE)


def commands(group: click.Group, name: str) -> Iterator[tuple[str, str, click.Command]]:
    """Return the commands of a group."""
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        yield name, each, command


ALL = [*commands(workshop, "workshop"), *commands(rapids, "rapids")]


def parse(group: click.Group, given: tuple[str, ...]) -> None:
    """Parse a command line with click. Raises AssertionError if click refuses it."""
    name, *arguments = given
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"there is no {name}"
    try:
        context = command.make_context(name, arguments)
    except click.MissingParameter as error:
        # A text may name a command alone.
        assert not arguments, error.format_message()
        return
    except click.ClickException as error:
        raise AssertionError(f"{' '.join(given)}: {error.format_message()}") from None
    if name == "rapids" and group is workshop and context.params["arguments"]:
        parse(rapids, context.params["arguments"])


@pytest.mark.parametrize("given", NAMED, ids=named)
def test_make_commands_in_texts_exist(given: tuple[object, tuple[str, ...]]) -> None:
    target, *variables = given[1]
    assert target in targets()
    would_do = make("-n", target, *(each.replace("STEP=n", "STEP=1") for each in variables))
    for name, _, value in (each.partition("=") for each in variables):
        would_do = would_do.replace(f"$LOAD_{name}", value)  # as the shell does
    for line in would_do.splitlines():
        _, is_workshop, rest = line.partition(" -m workshop ")
        if is_workshop and ";" not in rest:
            parse(workshop, tuple(shlex.split(rest)))


@pytest.mark.parametrize("given", CALLED, ids=named)
def test_workshop_commands_in_texts_exist(given: tuple[object, tuple[str, ...]]) -> None:
    parse(workshop, given[1])


def test_texts_name_commands() -> None:
    assert len(NAMED) > 20
    assert len(CALLED) > 20
    assert {words[0] for _, words in CALLED} >= {
        "services",
        "scale",
        "versions",
        "replace",
        "rebuild",
        "rapids",
    }


def test_the_readme_names_all_targets_and_help_lists_them() -> None:
    readme = {words[0] for words in documented_commands.make_commands(ROOT / "README.md")}
    assert readme <= {*targets()}
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert {*phony[1].split()} - {*targets()} == {"environment"}  # which other targets need


def test_every_target_is_run_by_a_test() -> None:
    run = {word for program, word in runs() if program == "make"}
    assert {*targets()} - run == {*NOT_RUN}


def test_targets_that_are_not_run_call_their_tools() -> None:
    for word in ("ruff check", "ruff format --check", "mypy", "lint-imports", "codespell"):
        assert word in make("-n", "lint")
    assert "requirements/lock.sh" in make("-n", "lock")
    assert "mutmut run" in make("-n", "mutants")
    assert "workshop docker --step 2 --only='stores'" in make("-n", "docker", "STEP=2", "ONLY=stores")
    assert "DRILLS=full" in make("-n", "test-docker")
    assert "-m pytest -m docker" in make("-n", "test-docker", "QUICK=1")


@pytest.mark.parametrize(("program", "name"), [each[:2] for each in ALL])
def test_every_command_is_run_by_a_test(program: str, name: str) -> None:
    assert (program, name) in runs()


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (f"{program} {name}", option)
        for program, name, command in ALL
        for option in command.params
        if isinstance(option, click.Option) and not option.is_eager
    ],
    ids=str,
)
def test_every_option_is_given_by_a_test(command: str, option: click.Option) -> None:
    assert {*option.opts, *option.secondary_opts} & words(), f"no test gives {option.opts} to {command}"


def test_the_script_runs_commands_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / "stones", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Usage: stones ")


def test_the_script_without_an_environment_names_the_doctor(tmp_path: Path) -> None:
    script = tmp_path / "stones"
    shutil.copy(ROOT / "stones", script)
    done = subprocess.run([script, "services"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make doctor" in done.stderr
