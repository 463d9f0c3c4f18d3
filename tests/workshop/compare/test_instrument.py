"""The load generator, against servers whose behaviour is known."""

import json
import os
import socket
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram

from workshop.compare.instrument.bodies import Bodies
from workshop.compare.instrument.cross_check import DELAY, cross_check
from workshop.compare.instrument.figures import Outcomes, summarise
from workshop.compare.instrument.generator import arrivals
from workshop.compare.instrument.job import Job
from workshop.compare.instrument.null_server import WORDS, ids, null_job, null_server
from workshop.compare.instrument.proof import measure_stall
from workshop.compare.instrument.sending import generator, send
from workshop.compare.observations import Observation, Sent
from workshop.compare.system import cores
from workshop.compare.workload.mix import Request, search_path
from workshop.testbed.process import NotMeasured

pytestmark = pytest.mark.usefixtures("state_folder")

RATE, SECONDS = 50.0, 2.0


def is_valid(sent: Sent) -> bool:
    """Whether nothing but a busy machine made the trial void."""
    return sent.void is None or sent.void.startswith("the generator was late")


def test_every_arrival_is_sent_once_and_found_good() -> None:
    with null_server() as (_, base):
        job = null_job(base, RATE, SECONDS)
        sent = send(job)
    counted = [request for due, request in arrivals(job) if due >= job.warm_up]
    assert sent.sent == sent.good == len(counted)
    assert {verb: figures["sent"] for verb, figures in sent.verbs.items()} == Counter(
        request.verb for request in counted
    )
    assert (sent.errors, is_valid(sent)) == ({}, True), sent.void
    assert 0 < sent.latency_ms["0.5"] <= sent.latency_ms["0.99"] <= sent.latency_ms["max"]
    assert sent.generator_cpu > 0
    assert HdrHistogram.decode(sent.histogram).get_total_count() == sent.sent


def test_arrivals_are_a_poisson_process() -> None:
    job = null_job("http://127.0.0.1", 500, 60)
    times = [due for due, _ in arrivals(job)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(1 / job.rate, rel=0.03)
    assert variance == pytest.approx(mean**2, rel=0.06)  # that of an exponential distribution
    assert times[-1] < job.warm_up + job.seconds
    assert arrivals(job) == arrivals(job) != arrivals(replace(job, seed=2))


def test_latency_counts_what_the_server_takes() -> None:
    with null_server(delay=0.2) as (_, base):
        sent = send(null_job(base, RATE, SECONDS))
    assert min(sent.latency_ms["0.5"], sent.service_ms["0.5"]) >= 199
    assert sent.latency_ms["0.5"] >= sent.service_ms["0.5"] - 1


def test_requests_do_not_wait_for_one_another() -> None:
    delay = 1.0
    with null_server(delay=delay) as (_, base):
        sent = send(null_job(base, RATE, SECONDS))
    one_at_a_time = sent.sent * delay * 1000
    assert (sent.good, sent.latency_ms["max"] < one_at_a_time / 5) == (sent.sent, True)


@pytest.mark.bench
def test_stall_shows_in_p99_and_not_in_that_of_a_closed_loop() -> None:
    found = measure_stall(10)
    assert found["open_p99_ms"] >= 900
    assert found["closed_p99_ms"] < 500


def test_wrong_body_makes_the_trial_void_and_is_named() -> None:
    wrong = search_path(WORDS[0])
    with null_server() as (_, base):
        job = null_job(base, RATE, SECONDS)
        sent = send(replace(job, expected={**job.expected, wrong: [*ids(24), "t3_other"]}))
    assert sent.void == f"wrong body: {wrong}: post 25 is t3_null24 instead of t3_other"
    assert sent.errors["wrong body"] == sent.sent - sent.good > 0


def test_refused_connections_are_errors_and_no_latency() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        sent = send(null_job(f"http://127.0.0.1:{held.getsockname()[1]}", RATE, SECONDS))
    assert sent.errors == {"ClientConnectorError": sent.sent}
    assert (sent.good, sent.latency_ms["max"]) == (0, 0)
    in_time = replace(sent, void=None)  # on a busy machine the generator may have been late
    assert in_time.beside(slo_ms=100, slo_errors=0.001) == 1


def test_hopeless_trial_is_given_up() -> None:
    with null_server(delay=600) as (_, base):
        job = replace(null_job(base, RATE, seconds=600), give_up=2.0)
        sent = send(job)
    assert sent.good == 0
    assert sent.errors.keys() <= {"given up", "TimeoutError"}
    assert sent.sent < 600 * RATE / 5


def test_one_generator_sends_several_jobs() -> None:
    with null_server() as (_, base), generator() as sending:
        found = [sending(null_job(base, rate, SECONDS)) for rate in (RATE, 3 * RATE)]
    assert [each.rate for each in found] == [RATE, 3 * RATE]
    assert [each.good == each.sent > 0 for each in found] == [True, True]


def test_generator_that_has_failed_says_why_each_time() -> None:
    job = null_job("http://127.0.0.1:9", RATE, SECONDS)
    with generator() as sending:
        for _ in range(2):
            with pytest.raises(NotMeasured, match="The load generator failed"):
                sending(replace(job, mix={"knit": 1.0}))


def test_generator_that_fails_says_why() -> None:
    with pytest.raises(NotMeasured, match="There is no verb knit"):
        send(replace(null_job("http://127.0.0.1:9", RATE, SECONDS), mix={"knit": 1.0}))


def test_result_becomes_an_observation_that_survives_json() -> None:
    sent = summarise(null_job("", RATE, SECONDS), outcomes(latency=0.02, lateness=0.0), 10.0, 0.5)
    load = sent.as_load(round=3, arm="0 again")
    assert (load.round, load.arm, load.purpose, load.latency_ms) == (3, "0 again", "curve", sent.latency_ms)
    assert Observation.from_json(json.loads(json.dumps(load.as_json()))) == load


def outcomes(latency: float, lateness: float) -> Outcomes:
    made = Outcomes()
    for _ in range(1000):
        made.finished("list", due=0.0, sent=lateness, done=latency, error=None)
    return made


@pytest.mark.parametrize(
    ("lateness_ms", "latency_ms", "is_void"),
    [(4, 5, False), (6, 7, True), (6, 50, True), (6, 70, False), (30, 250, True), (30, 350, False)],
)
def test_late_generator_makes_a_trial_void(lateness_ms: float, latency_ms: float, is_void: bool) -> None:
    made = outcomes(latency_ms / 1000, lateness_ms / 1000)
    sent = summarise(null_job("", RATE, SECONDS), made, 10.0, 0.5)
    assert sent.lateness_p99_ms == pytest.approx(lateness_ms, rel=0.01)
    assert (sent.void is not None) is is_void
    beside = sent.beside(slo_ms=1000, slo_errors=0.001)
    assert beside is None if is_void else beside is not None and beside < 1


@pytest.mark.parametrize(
    ("slow", "failed", "kept"), [(5, 0, True), (20, 0, False), (0, 0, True), (0, 2, False)]
)
def test_objective_bounds_p99_and_errors(slow: int, failed: int, kept: bool) -> None:
    made = outcomes(latency=0.05, lateness=0.0)
    for _ in range(slow):
        made.finished("list", due=0.0, sent=0.0, done=0.5, error=None)
    for _ in range(failed):
        made.finished("list", due=0.0, sent=0.0, done=0.001, error="503")
    sent = summarise(null_job("", RATE, SECONDS), made, 10.0, 0.5)
    assert ((sent.beside(slo_ms=100, slo_errors=0.001) or 0) < 1) is kept


def test_quantiles_are_as_exact_as_three_digits() -> None:
    made = Outcomes()
    for number in range(1, 10_001):
        made.finished("list", due=0.0, sent=number / 20_000, done=number / 10_000, error=None)
    sent = summarise(null_job("", RATE, SECONDS), made, 10.0, 0.5)
    assert sent.latency_ms == pytest.approx(
        {"0.5": 500, "0.9": 900, "0.99": 990, "0.999": 999, "max": 1000}, rel=0.002
    )
    assert sent.service_ms["0.99"] == pytest.approx(495, rel=0.002)
    assert sent.verbs["list"]["0.9"] == pytest.approx(900, rel=0.002)


@pytest.mark.parametrize(("sent_at", "latency"), [(0.0, 0.5), (0.3, 0.5), (-0.0004, 0.5004)])
def test_latency_counts_from_when_the_request_was_due(sent_at: float, latency: float) -> None:
    made = Outcomes()
    made.finished("list", due=0.0, sent=sent_at, done=0.5, error=None)
    assert made.latencies == {"list": [latency]}
    assert (made.services, made.lateness) == ([0.5 - sent_at], [sent_at])


def test_errors_that_come_at_once_are_no_latency_and_timeouts_are() -> None:
    made = Outcomes()
    made.finished("list", due=0.0, sent=0.0, done=0.001, error="503")
    made.finished("list", due=0.0, sent=0.0, done=15.0, error="TimeoutError")
    assert made.latencies == {"list": [15.0]}
    assert (made.sent["list"], made.good["list"]) == (2, 0)


def page(*posts: str) -> bytes:
    return json.dumps({"_items": [{"_id": each, "title": '"_id":"t3_fake"'} for each in posts]}).encode()


LIST = Request("list", "GET", "/")
SHOW = Request("show", "GET", "/posts/t3_a", None, "t3_a")
LIKE = Request("like", "PUT", "/posts/t3_a/like", 0, "t3_a")
RECOMMEND = Request("recommend", "GET", "/recommended")


@pytest.mark.parametrize(
    ("request_sent", "body", "fault"),
    [
        (LIST, page("t3_a", "t3_b"), None),
        (LIST, page("t3_b", "t3_a"), "/: post 1 is t3_b instead of t3_a"),
        (LIST, page("t3_a"), "/: 1 posts instead of 2"),
        (LIST, b"", "/: 0 posts instead of 2"),
        (Request("list", "GET", "/?page=9"), page("t3_z"), None),  # nobody said what is right
        (SHOW, b'{"_id":"t3_a","title":"x"}', None),
        (SHOW, b'{"_id":"t3_ab","title":"t3_a"}', "/posts/t3_a: t3_a is not in it"),
        (LIKE, b'{"post": "t3_a", "liked": true}', None),
        (LIKE, b'{"post": "t3_b", "liked": true}', "/posts/t3_a/like: t3_a is not in it"),
        (RECOMMEND, page(*map(str, range(12))), None),
        (RECOMMEND, page(*map(str, range(13))), "/recommended: not at most 12 posts"),
        (RECOMMEND, b"<html>", "/recommended: no collection in JSON"),
    ],
)
def test_wrong_bodies_are_recognised(request_sent: Request, body: bytes, fault: str | None) -> None:
    assert Bodies({"/": ["t3_a", "t3_b"]}).fault(request_sent, body) == fault


@pytest.mark.skipif(not Path(sys.executable).with_name("k6").exists(), reason="needs k6")
@pytest.mark.bench
def test_other_generator_is_asked_for_the_same_figures() -> None:
    found = cross_check(2)
    assert not isinstance(found, str), found
    assert found["name"] == "k6"
    assert found["version"]
    for name in ("p50_ms", "our_p50_ms"):
        assert DELAY * 1000 - 1 <= found[name] <= found[name.replace("50", "99")]


def test_generator_and_system_share_no_core_unless_there_is_one_only() -> None:
    assert (cores.SYSTEM == cores.GENERATOR) is cores.IS_SHARED
    assert cores.IS_SHARED or not cores.SYSTEM & cores.GENERATOR


@pytest.mark.skipif(sys.platform != "linux", reason="needs a system where cores can be chosen")
def test_cores_are_chosen_inside_the_block_only() -> None:
    before = os.sched_getaffinity(0)
    with cores.on(cores.GENERATOR):
        assert os.sched_getaffinity(0) == cores.GENERATOR
    assert os.sched_getaffinity(0) == before


def test_job_survives_its_way_to_the_generator() -> None:
    job = Job("http://127.0.0.1:1", 10, 1, 0.2, {"list": 1.0}, 1, ["a"], ["b"], ["c"], {"/": ["a"]})
    assert arrivals(Job(**json.loads(json.dumps(vars(job))))) == arrivals(job)
