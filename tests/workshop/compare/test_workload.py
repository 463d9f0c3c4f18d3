"""The requests of a load, its readers, and the responses that are right."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

import pytest

from tests.support.client import Client, Reader
from workshop.compare.instrument.job import Job
from workshop.compare.instrument.sending import send
from workshop.compare.workload.corpus import newest_posts, search_words
from workshop.compare.workload.expected import differences, expected_pages, observe_pages
from workshop.compare.workload.mix import (
    DECK,
    MARKS,
    MIX,
    TAGS,
    Request,
    compared_paths,
    draw_requests,
    search_path,
)
from workshop.compare.workload.readers import LIKED, TAGGED, sign_up
from workshop.steps import read_step
from workshop.testbed.process import NotMeasured
from workshop.testbed.step import await_ready, isolated_state, running_step

MANY = 40_000
WORDS = [f"w{number}" for number in range(20)]
POSTS = [f"t3_{number}" for number in range(10)]


def draw(signed: float, seed: int = 1, mix: dict[str, float] = MIX, readers: int = 5) -> list[Request]:
    drawn = draw_requests(mix, WORDS, POSTS, Random(seed), signed=signed, readers=readers)
    return [*islice(drawn, MANY)]


def test_verbs_are_drawn_as_the_mix_says() -> None:
    counts = Counter(request.verb for request in draw(0.2))
    shares = {verb: 100 * count / MANY for verb, count in counts.items()}
    assert shares == pytest.approx(MIX, abs=1)


@pytest.mark.parametrize("signed", [0.0, 0.07, 0.2, 1.0])
def test_each_deck_has_the_verbs_and_readers_of_the_mix(signed: float) -> None:
    drawn = draw(signed)
    for start in range(0, MANY, DECK):
        deck = drawn[start : start + DECK]
        for verb, share in MIX.items():
            of_readers = share if verb in MARKS else share * signed
            for is_signed, expected in ((True, of_readers), (False, share - of_readers)):
                found = sum(each.verb == verb and (each.reader is not None) is is_signed for each in deck)
                assert abs(found - expected) < 1
    assert [each.verb for each in drawn[:DECK]] != [each.verb for each in drawn[DECK : 2 * DECK]]


@pytest.mark.parametrize("signed", [0.0, 0.2, 1.0])
def test_share_of_signed_in_readers_is_that_of_reads_and_marks_always_have_one(signed: float) -> None:
    drawn = draw(signed)
    reads = [request for request in drawn if request.verb not in MARKS]
    assert sum(each.reader is not None for each in reads) / len(reads) == pytest.approx(signed, abs=0.01)
    assert {each.reader for each in drawn if each.verb in MARKS} == set(range(5))


def test_words_follow_zipf() -> None:
    paths = Counter(request.path for request in draw(0) if request.verb == "search")
    counts = [sum(paths[search_path(word, page)] for page in (1, 2, 3)) for word in WORDS]
    assert counts[0] / counts[1] == pytest.approx(2, rel=0.1)
    assert counts[0] / counts[9] == pytest.approx(10, rel=0.15)
    assert sum(paths[search_path(word)] for word in WORDS) / sum(counts) == pytest.approx(0.8, abs=0.01)


def test_pages_that_are_drawn_are_those_that_are_compared() -> None:
    drawn = {request.path for request in draw(0) if request.verb in ("search", "list")}
    assert drawn == set(compared_paths(WORDS))


def test_marks_are_set_and_removed_equally_often() -> None:
    methods = Counter(request.method for request in draw(0) if request.verb in MARKS)
    assert methods["PUT"] / methods["DELETE"] == pytest.approx(1, abs=0.15)
    assert methods.keys() == {"PUT", "DELETE"}


def test_same_seed_draws_the_same_requests() -> None:
    assert draw(0.2, seed=1) == draw(0.2, seed=1) != draw(0.2, seed=2)


@pytest.mark.parametrize(
    ("mix", "signed", "readers", "reason"),
    [
        ({"knit": 1.0}, 0.0, 1, "no verb knit"),
        ({"list": 1.0}, 0.2, 0, "need readers"),
        ({"list": 1.0, "like": 1.0}, 0.0, 0, "need readers"),
    ],
)
def test_impossible_mix_is_refused(mix: dict[str, float], signed: float, readers: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        draw(signed, mix=mix, readers=readers)


@dataclass(frozen=True)
class Arm:
    base: str
    words: list[str]
    posts: list[str]
    tokens: list[str]
    expected: dict[str, list[str]]


@pytest.fixture(scope="module")
def arm() -> Iterator[Arm]:
    """Step 0 with the bundled posts."""
    with isolated_state(0), running_step(0, bundled=True) as run:
        await_ready(0, run)
        base = read_step(0).url
        words, posts = search_words(base, 5), newest_posts(base)
        yield Arm(base, words, posts, sign_up(base, 3, seed=1), expected_pages(base, words))


def likes(arm: Arm, token: str) -> list[str]:
    return [post["_id"] for post in Client(arm.base, token).items("/likes")]


def tagged(arm: Arm, token: str) -> dict[str, set[str]]:
    reader = Reader(arm.base, "", token)
    return {tag: {post["_id"] for post in reader.items(f"/tags/{tag}")} for tag in TAGS}


@pytest.mark.bench
def test_posts_and_words_are_those_of_the_step(arm: Arm) -> None:
    assert arm.posts[:50] == [post["_id"] for post in Client(arm.base).items("/", max_results=50)]
    assert len(set(arm.posts)) == 200
    assert len(set(arm.words)) == 5
    assert all(arm.expected[search_path(word)] for word in arm.words)


@pytest.mark.bench
def test_readers_have_marks_and_the_same_seed_gives_the_same(arm: Arm) -> None:
    again = sign_up(arm.base, 2, seed=1)
    for token, other in zip(arm.tokens, again, strict=False):
        assert len(likes(arm, token)) == LIKED
        assert sorted(likes(arm, token)) == sorted(likes(arm, other))
        assert sum(map(len, tagged(arm, token).values())) == TAGGED
        assert tagged(arm, token) == tagged(arm, other)
    assert sorted(likes(arm, again[0])) != sorted(likes(arm, again[1]))


@pytest.mark.bench
def test_step_does_not_differ_from_itself(arm: Arm) -> None:
    first, second = (sign_up(arm.base, 1, seed=2)[0] for _ in range(2))
    pages = observe_pages(arm.base, arm.words, arm.posts, first)
    assert len(pages) == 2 * (len(arm.expected) + 1 + 20)
    assert differences(arm.base, pages, second) == []


@pytest.mark.bench
def test_every_difference_is_named(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workshop.compare.workload.expected.PATIENCE", 0.0)
    first, second = (sign_up(arm.base, 1, seed=3)[0] for _ in range(2))
    post = next(post for post in arm.expected["/"] if post not in likes(arm, first))
    pages = observe_pages(arm.base, arm.words, arm.posts, first)
    Client(arm.base, second).put(f"/posts/{post}/like")
    place = arm.expected["/"].index(post) + 1
    found = differences(arm.base, pages, second)
    assert f"reader /: liked of post {place} is True instead of False" in found
    assert not [each for each in found if each.startswith("visitor")]


@pytest.mark.bench
def test_load_of_a_real_step_gets_only_right_bodies(arm: Arm) -> None:
    seconds = 3.0
    job = Job(
        *(arm.base, 20.0, seconds, 0.5, MIX, 1, arm.posts, arm.words, arm.tokens, arm.expected),
        warm_up=0.0,
    )
    sent = send(job)
    assert (sent.errors, sent.good) == ({}, sent.sent)
    assert sent.verbs.keys() == MIX.keys()
    assert expected_pages(arm.base, arm.words) == arm.expected


def test_step_that_does_not_respond_is_not_measured() -> None:
    with pytest.raises(NotMeasured, match="GET / failed"):
        expected_pages("http://127.0.0.1:9", [])
