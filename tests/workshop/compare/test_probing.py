"""Requests at constant rates, and servers that let their clients wait."""

import json
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.support.eventually import eventually
from tests.support.image_site import ImageSite
from workshop.compare.gains.blast import MOST_SECONDS, degraded_seconds
from workshop.compare.probing.hanging import PNG, outside
from workshop.compare.probing.probe import Request, Response, p99_ms, probing
from workshop.compare.probing.prober import due_times, leaves_out
from workshop.local_http import request

MARKED = {"tags": [], "liked": False, "hidden": False}


@pytest.fixture
def site() -> Iterator[ImageSite]:
    with ImageSite() as site:
        yield site


def test_each_request_has_a_response_with_its_outcome(site: ImageSite) -> None:
    kinds = [Request("picture", 40.0, ["/a.png", "/b.png"]), Request("none", 20.0, ["/nothing"])]
    with probing(site.url, kinds, seconds=1.0) as probe:
        probe.await_end()
    good, bad = probe.responses("picture"), probe.responses("none")
    assert (len(good), len(bad)) == pytest.approx((40, 20), abs=2)
    assert {each.outcome for each in good} == {200}
    assert {each.outcome for each in bad} == {404}
    assert [each.is_good for each in (good[0], bad[0])] == [True, False]
    assert abs(site.hits("/a.png") - site.hits("/b.png")) <= 1


def test_slow_responses_delay_no_other_requests(site: ImageSite) -> None:
    with probing(
        site.url, [Request("slow", 20.0, ["/silent.png"]), Request("quick", 20.0, ["/a.png"])]
    ) as probe:

        def responds() -> None:
            assert len(probe.responses("quick")) >= 20

        eventually(responds, 30)
        assert probe.responses("slow") == []


def test_no_prober_is_left_after_an_error_in_the_block(site: ImageSite) -> None:
    with pytest.raises(ZeroDivisionError), probing(site.url, [Request("picture", 5.0, ["/a.png"])]):
        (child,) = [each for each in psutil.Process().children() if "prober" in " ".join(each.cmdline())]
        raise ZeroDivisionError
    assert not child.is_running()


def test_prober_ends_with_its_maker(site: ImageSite) -> None:
    code = (
        "import time\n"
        "from workshop.compare.probing.probe import Request, probing\n"
        f"with probing({site.url!r}, [Request('picture', 50.0, ['/a.png'])]):\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ}) as maker:

        def sends() -> None:
            assert site.hits("/a.png") > 0

        eventually(sends, 60)
        children = psutil.Process(maker.pid).children()
        maker.kill()

    def has_ended() -> None:
        assert not [each for each in children if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]

    assert children
    eventually(has_ended, 30)


def test_arrivals_are_even_or_at_random_with_the_same_rate() -> None:
    even = due_times(10.0, 100.0, 0.5, None)
    assert [next(even) for _ in range(3)] == pytest.approx([100.05, 100.15, 100.25])
    drawn = due_times(10.0, 100.0, 0.5, seed=1)
    assert [next(drawn) for _ in range(2000)][-1] == pytest.approx(300.0, abs=20)


def test_missing_marks_and_counts_are_gaps() -> None:
    whole, part = {"_id": "t3_a", **MARKED}, {"_id": "t3_b", "tags": []}
    assert not leaves_out("marks", json.dumps({"_items": [whole]}).encode())
    assert leaves_out("marks", json.dumps({"_items": [whole, part]}).encode())
    assert leaves_out("marks", json.dumps(part).encode())
    assert leaves_out("counts", json.dumps({"counts": {"tags": 1}}).encode())
    assert not leaves_out("", b"anything")


def test_degraded_time_lasts_from_the_first_bad_request_to_the_next_good_one() -> None:
    def series(*outcomes: int | str) -> list[Response]:
        return [Response("list", float(place), 0.1, outcome, False) for place, outcome in enumerate(outcomes)]

    assert degraded_seconds(series(200, 200, 200), 0.0, 3.0) == 0.0
    assert degraded_seconds(series(200, 503, "TimeoutError", 200, 503, 200), 0.0, 6.0) == 4.0
    assert degraded_seconds(series(200, 503, 503), 0.0, 3.0) is None
    assert degraded_seconds([Response("list", 0.0, 5.0, 200, False), *series(200)[:0]], 0.0, 3.0) is None
    assert degraded_seconds(series(503, 200), 0.0, MOST_SECONDS + 1) is None


def test_p99_of_nothing_is_nothing() -> None:
    assert p99_ms([]) == 0.0
    assert p99_ms([0.001] * 98 + [0.5, 0.5]) == 500.0


def test_mail_server_and_site_wait_when_told_to() -> None:
    with outside() as beyond:
        picture, mail = f"http://{beyond.site.host}/1.png", beyond.mail.port

        def spent() -> tuple[float, float]:
            began = time.monotonic()
            assert request(picture, timeout=30).content == PNG
            between = time.monotonic()
            with smtplib.SMTP("127.0.0.1", mail, timeout=30) as server:
                assert server.sendmail("a@example.org", "b@example.org", "Subject: a\n\nb") == {}
            return between - began, time.monotonic() - between

        spent()
        beyond.site.seconds = beyond.mail.seconds = 0.5
        assert min(spent()) >= 0.5
        assert beyond.env()["IMAGE_ALLOWED_HOSTS"] == beyond.site.host
