"""What a learner is told of a step that does not start."""

from pathlib import Path

import click
import pytest

from workshop.learn.failures import error_of
from workshop.learn.readiness import await_ready
from workshop.steps import read_step

COPY = "/home/ada/stones/work/2.1"
OUTPUT = f"""\
01:22:16 system    | like started (pid=20155)
01:22:17 like      | ValueError: of another service
01:22:18 tag       | Traceback (most recent call last):
01:22:18 tag       |   File "{COPY}/step2_services/tag/service.py", line 3, in <module>
01:22:18 tag       |     from kit.domain import nothing
01:22:18 tag       | ImportError: cannot import name 'nothing'
01:22:19 search-v2 | KeyError: 'v3'
"""


@pytest.mark.parametrize(
    ("service", "error"),
    [
        ("tag", "step2_services/tag/service.py, line 3: ImportError: cannot import name 'nothing'"),
        ("like", "ValueError: of another service"),
        ("search", "KeyError: 'v3'"),
        ("hide", ""),
    ],
)
def test_error_is_that_of_the_service(service: str, error: str) -> None:
    assert error_of(service, OUTPUT, COPY) == error


def test_step_that_has_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("01:22:16 system | starts\n01:22:17 web | nobody knows why\n")
    with pytest.raises(click.ClickException, match="nobody knows why"):
        await_ready(read_step(2), lambda: False, log)
