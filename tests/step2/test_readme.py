"""The commands of the READMEs for step 2 work as they are written."""

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.step2.running_parts import Parts
from tests.support.client import Client
from tests.support.documented_commands import Words, workshop_commands
from tests.support.files import ROOT
from tests.support.responses import expect

TEXTS = [ROOT / "docs" / "commands.md", *ROOT.glob("step2_services/**/README.md")]
OWN = {"services", "scale", "versions", "replace", "rebuild"}
"""The commands for a step with services."""

COMMANDS = sorted({each for path in TEXTS for each in workshop_commands(path) if each[0] in OWN})


@pytest.fixture(scope="module")
def restored_versions(parts: Parts) -> Iterator[None]:
    """Afterwards each version has one instance, and the second gets all requests."""
    yield
    parts.stage.workshop("scale", "search:v1=1", "search:v2=1")
    parts.stage.workshop("versions", "search", "v1=0", "v2=100")


@pytest.mark.drill
@pytest.mark.usefixtures("restored_versions")
@pytest.mark.parametrize("words", COMMANDS, ids=shlex.join)
def test_command_works_as_the_readme_describes(parts: Parts, words: Words) -> None:
    output = parts.stage.workshop(*words)
    assert "Traceback" not in output
    for argument in words[1:]:
        if match := re.fullmatch(r"(\w+)(?::(\w+))?=(\d+)", argument):
            what, version, number = match[1], match[2], int(match[3])
            if words[0] == "scale":
                urls = [
                    len(each["urls"])
                    for name, each in parts.stage.services()[what].items()
                    if version in (None, name)
                ]
                assert number in urls
            else:
                assert parts.stage.shares(words[1])[what] == number
    response = expect(Client(parts.face).get("/search", params={"q": parts.word, "max_results": 1}), 200)
    assert response.json()["_meta"]["total"] == len(parts.posts)


def test_commands_are_found() -> None:
    assert {words[0] for words in COMMANDS} == OWN
