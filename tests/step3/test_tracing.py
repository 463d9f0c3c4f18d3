"""One write, followed through all that comes of it."""

import secrets

from tests.step3.parts import ARRIVED_SECONDS, Parts
from tests.support.answers import expect
from tests.support.client import Reader
from tests.support.eventually import eventually


def test_a_write_is_one_trace_up_to_the_ponds(parts: Parts, member: Reader) -> None:
    trace = secrets.token_hex(16)
    context = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    expect(member.put(f"/posts/{parts.posts[7].post_id}/like", headers=context), 200)

    def check() -> None:
        asked = {each.service for each in parts.spans.seen if each.trace == trace}
        told = {(each.service, each.name) for each in parts.spans.seen if trace in each.causes}
        assert {"gateway", "like"} <= asked
        assert {
            ("capture", "publish like"),
            ("recommend", "recommend takes like"),
            ("tagged", "tagged takes like"),
        } <= told

    eventually(check, ARRIVED_SECONDS)
