"""One write, followed through all that comes of it."""

import secrets
from pathlib import Path

from tests.step3.parts import ARRIVED_SECONDS
from tests.support.answers import expect
from tests.support.client import new_reader
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.span_collector import SpanCollector
from tests.support.submission import Submission, new_topic, new_word


def test_a_write_is_one_trace_up_to_the_ponds(tmp_path: Path) -> None:
    with SpanCollector() as collector:
        settings = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        with RunningStep(3, tmp_path / "state", settings) as running:
            post, file = Submission(new_word(), new_topic(), 1_600_000_000), tmp_path / "post.ndjson"
            file.write_text(post.line(), encoding="utf-8")
            running.load(file)
            reader = new_reader(running.url)
            eventually(lambda: expect(reader.get(f"/posts/{post.post_id}"), 200), ARRIVED_SECONDS)
            trace = secrets.token_hex(16)
            context = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
            liked = lambda: expect(reader.put(f"/posts/{post.post_id}/like", headers=context), 200)  # noqa: E731
            eventually(liked, ARRIVED_SECONDS)

            def check() -> None:
                asked = {each.service for each in collector.seen if each.trace == trace}
                told = {(each.service, each.name) for each in collector.seen if trace in each.causes}
                assert {"gateway", "like"} <= asked
                assert {
                    ("capture", "publish like"),
                    ("recommend", "recommend takes like"),
                    ("tagged", "tagged takes like"),
                } <= told

            eventually(check, ARRIVED_SECONDS)
