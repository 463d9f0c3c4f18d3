"""The commands of the READMEs for step 3 work as they are written."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from tests.step3.running_parts import Parts
from tests.support.client import Client, Reader
from tests.support.documented_commands import Words, workshop_commands
from tests.support.eventually import eventually
from tests.support.files import ROOT
from tests.support.responses import expect
from tests.support.workshop_command import call

TEXTS = [ROOT / "docs" / "commands.md", *ROOT.glob("step3_async/**/README.md")]
WATCH = ("rapids", "watch")
RAPIDS = {"dead", "redrive", "asyncapi", "setup"}
SECONDS = 60.0


def is_for_here(words: Words) -> bool:
    """Return whether a command is tested here. docs/commands.md names those for step 2 that the step's texts
    name with `--step 3`; other tests watch and rebuild by the command of the rapids.
    """
    own = {"services", "scale", "versions", "replace", "rebuild"}
    return (words[0] in own and "--step" in words) or (
        words[0] == "rapids" and words[1:2] not in ((), ("watch",), ("rebuild",))
    )


COMMANDS = sorted({each for path in TEXTS for each in workshop_commands(path) if is_for_here(each)})


@pytest.fixture(scope="module")
def restored_versions(parts: Parts) -> Iterator[None]:
    """Afterwards each service has one instance, and the second version of search gets all requests."""
    yield
    parts.stage.workshop("versions", "search", "v1=0", "v2=100")
    parts.stage.workshop("scale", "list=1", "gateway=1", "search:v1=1", "search:v2=1")


@pytest.mark.drill
@pytest.mark.usefixtures("restored_versions")
@pytest.mark.parametrize("words", COMMANDS, ids=shlex.join)
def test_command_works_as_the_readme_describes(parts: Parts, words: Words) -> None:
    before = parts.stage.instances(words[-1]) if words[0] == "replace" else []
    no_dead_letter = words[:2] == ("rapids", "redrive")
    if no_dead_letter:
        with pytest.raises(AssertionError, match="There is no dead letter 17"):
            call([*words], parts.stage.running.environment)
        return
    output = call([*words], {**parts.stage.running.environment, "COLUMNS": "250"})
    for service, number in re.findall(r"(\w+)(?::v\d)?=(\d+)", " ".join(words)):
        if words[0] == "scale":
            assert len(parts.stage.instances(service)) >= int(number)
    if words[0] == "replace":
        after = parts.stage.instances(words[-1])
        assert len(after) == len(before) > 0
        assert not {*after} & {*before}
    if "rebuild" in words:
        assert "posts: complete" in output
        parts.await_posts()
    if words[-1] == "asyncapi":
        assert json.loads(output)["asyncapi"]
    if "--empty" in words:  # a moment later its instances announce that they are ready again
        eventually(lambda: check_found(parts), SECONDS)
    check_found(parts)


def check_found(parts: Parts) -> None:
    found = expect(Client(parts.face).get("/search", params={"q": parts.word, "max_results": 1}), 200)
    assert found.json()["_meta"]["total"] == len(parts.posts)


def test_events_are_watched_until_ctrl_c(parts: Parts, member: Reader) -> None:
    post = parts.posts[7].post_id
    with (
        tempfile.TemporaryFile() as file,
        subprocess.Popen(
            [sys.executable, "-m", "workshop", *WATCH],
            cwd=ROOT,
            env=parts.stage.running.environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        ) as watch,
    ):

        def printed() -> str:
            return os.pread(file.fileno(), 100_000, 0).decode()

        def shows(text: str) -> None:
            assert text in printed()

        eventually(lambda: shows("Watching."), SECONDS)
        expect(member.put(f"/posts/{post}/like"), 200)
        eventually(lambda: shows(f"{member.username}:{post}"), SECONDS)
        os.killpg(watch.pid, signal.SIGINT)
        watch.wait(SECONDS)
        assert re.search(rf"^[\d:.]+ +like +liked +{member.username}:{post} ", printed(), re.MULTILINE)
        assert "Traceback" not in printed()


def test_commands_are_found() -> None:
    step_option = {"services", "scale", "versions", "replace", "rebuild"}
    assert {words[0] for words in COMMANDS} == {*step_option, "rapids"}
    assert {words[1] for words in COMMANDS if words[0] == "rapids"} == RAPIDS
