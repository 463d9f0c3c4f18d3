"""The experiments, each at its smallest, with a step that they share."""

from collections.abc import Iterator

import pytest

from workshop.compare.costs import size, storage
from workshop.compare.gains import blast, hot_verb, rollout, scaling, waiting, wish
from workshop.compare.gains.lengths import STEPS, WITH_SERVICES
from workshop.compare.observations import Blast, Observation, Rollout, Scaling, Skipped
from workshop.compare.probing.hanging import Outside, outside
from workshop.compare.system import quotas
from workshop.compare.system.arms import Running, running
from workshop.load.generate import posts as generated
from workshop.testbed.process import NotMeasured

LENGTHS = waiting.Lengths(1.0, 2.0)
VERBS = {"search", "list", "recommend", "show", "profile", "tag", "like", "hide", "share", "image", "sign in"}


@pytest.fixture(scope="module")
def beyond() -> Iterator[Outside]:
    with outside() as beyond:
        yield beyond


@pytest.fixture(scope="module")
def step2(beyond: Outside) -> Iterator[Running]:
    with running("2", env={**beyond.env(), **blast.SETTINGS}) as system:
        yield system


@pytest.mark.bench
def test_only_the_verb_that_hangs_waits_for_mail(step2: Running, beyond: Outside) -> None:
    found = waiting.measure(step2, beyond, "mail", LENGTHS)
    assert set(found.calm) == set(found.hung) == {"search", "list", "recommend", "show", "share"}
    assert found.hung_p99_ms["share"] >= waiting.HANG_SECONDS * 1000
    assert beyond.mail.seconds == 0.0


@pytest.mark.bench
def test_only_verbs_of_a_killed_service_are_degraded(step2: Running, beyond: Outside) -> None:
    found: list[Observation] = []
    blast.measure(step2, beyond, found.append, only=["recommend"])
    (killed,) = found
    assert isinstance(killed, Blast)
    assert killed.part == "recommend"
    assert set(killed.degraded) == VERBS
    assert killed.degraded["recommend"] != 0.0


@pytest.mark.bench
def test_second_version_takes_over(step2: Running) -> None:
    found: list[Observation] = []
    rollout.measure(step2, found.append)
    (second,) = found
    assert isinstance(second, Rollout)
    assert second.how == rollout.SECOND_VERSION
    assert second.sent > second.refused


@pytest.mark.bench
def test_scaling_is_measured_under_quotas_only(step2: Running) -> None:
    found: list[Observation] = []
    if quotas.available() is None:
        scaling.scaling(["2"], found.append)
        assert isinstance(found[0], Skipped)
        return
    scaling.measure(step2, found.append, counts=[1, 200], lasting=1.0)
    one, many = found
    assert isinstance(one, Scaling)
    assert isinstance(many, Scaling)
    assert (one.fits, one.saturated) == (True, True)
    assert one.per_second
    assert (many.fits, many.per_second) == (False, None)


@pytest.mark.bench
def test_posts_and_marks_take_more_on_disk_than_their_text(step2: Running) -> None:
    found = storage.measure(step2)
    assert (found.posts, found.marks) == (storage.POSTS, 2 * storage.READERS * storage.MARKED)
    assert set(found.post_bytes) == set(found.mark_bytes) == {"mongod"}
    text = sum(len(each["title"]) for each in generated(storage.POSTS)) / storage.POSTS
    assert found.post_bytes["mongod"] > text
    assert found.mark_bytes["mongod"] > 0


@pytest.mark.bench
def test_hot_verb_says_what_was_added(step2: Running) -> None:
    found = hot_verb.measure(step2, most=2, lasting=1.0)
    assert found.added in ("nothing", "1 replica of search")
    assert found.after == found.before + 9 * hot_verb.BASE["search"]
    assert "p99" in found.note


@pytest.mark.bench
def test_killed_monolith_is_started_again(beyond: Outside) -> None:
    found: list[Observation] = []
    blast.blast(["0"], found.append)
    assert [each.part for each in found if isinstance(each, Blast)] == ["web", "mongod"]
    for each in found:
        assert isinstance(each, Blast)
        assert set(each.degraded) == VERBS
    rollout.rollout(["0"], found.append)
    rolled = [each for each in found if isinstance(each, Rollout)]
    assert [each.how for each in rolled] == [rollout.RELOAD, rollout.RESTART]
    assert rolled[1].refused > 0


def test_step_without_services_cannot_be_scaled() -> None:
    with pytest.raises(NotMeasured, match="no service search"):
        scaling.require_service(0)


def test_all_experiments_say_how_long_they_take() -> None:
    for each in (waiting, blast, rollout, scaling, hot_verb, storage, size, wish):
        assert 0 <= each.seconds(quick=True) <= each.seconds(quick=False)
    assert waiting.seconds(True, ["0", "3"], ["mail"]) <= 75
    assert (
        sum(each.seconds(False, STEPS) for each in (waiting, blast, rollout, hot_verb, storage))
        + scaling.seconds(False, WITH_SERVICES)
        < 25 * 60
    )
