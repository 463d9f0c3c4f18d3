"""One write and all its effects belong to one trace."""

import secrets
from pathlib import Path

import pytest

from tests.support.client import new_reader
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.running_step import QUIET, RunningStep
from tests.support.submission import Submission
from workshop.legs.collector import Collector

pytestmark = pytest.mark.drill

ARRIVED_SECONDS = 60.0


def test_a_write_is_one_trace_up_to_the_ponds(tmp_path: Path) -> None:
    post = Submission("followed", "stones", 1_600_000_000)
    file = tmp_path / "posts.ndjson"
    file.write_text(post.line(), encoding="utf-8")
    with Collector() as spans:
        exporting = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url, **QUIET}
        running = RunningStep(3, tmp_path / "state", exporting)
        running.load(file)
        with running:
            trace = secrets.token_hex(16)
            context = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
            expect(new_reader(running.url).put(f"/posts/{post.post_id}/like", headers=context), 200)

            def check() -> None:
                requested = {each.service for each in spans.spans if each.trace == trace}
                found = {(each.service, each.name) for each in spans.spans if trace in each.causes}
                assert {"gateway", "like"} <= requested
                assert {
                    ("capture", "publish like"),
                    ("recommend", "recommend handles like"),
                    ("tagged", "tagged handles like"),
                } <= found

            eventually(check, ARRIVED_SECONDS)
