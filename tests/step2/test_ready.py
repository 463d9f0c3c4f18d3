"""An instance is ready once all its copies are filled, stays ready, and gets no requests before."""

import threading
from collections.abc import Iterator

import pytest

from kit.server.latch import Latch
from step2_services.web.readiness import OptionalParts
from tests.step2.running_parts import ARRIVED_SECONDS, Parts, frozen
from tests.step2.scaling import is_live
from tests.support.client import Client
from tests.support.eventually import eventually, holds
from tests.support.responses import expect

COPIES = {"posts", "hides", "revocations"}


@pytest.fixture
def all_ready(parts: Parts) -> Iterator[None]:
    """Each test ends with all services ready."""
    yield
    for service in ("search", "sync"):
        eventually(lambda service=service: ready(parts.url(service)), ARRIVED_SECONDS)
    parts.await_arrival()


def ready(url: str) -> None:
    assert is_live(url)
    expect(Client(url).get("/health/ready"), 200)


def lacks_copies(url: str) -> None:
    content = expect(Client(url).get("/health/ready"), 503).json()
    assert content["parts"]["copies"] == "down"
    assert {state for part, state in content["parts"].items() if part != "copies"} == {"ok"}


@pytest.mark.drill
@pytest.mark.usefixtures("all_ready")
def test_instance_is_not_ready_until_its_copies_are_filled(parts: Parts) -> None:
    url, before = parts.url("search"), parts.processes("search")
    with frozen(parts.processes("sync")):
        parts.collection("search", "positions").delete_many({"_id": {"$in": [*COPIES]}})
        parts.collection("search", "posts").delete_many({})
        before[0].kill()

        def back() -> None:
            assert before[0].pid not in {each.pid for each in parts.processes("search")}
            assert is_live(url)
            lacks_copies(url)

        eventually(back, ARRIVED_SECONDS)
        content = expect(Client(parts.face).get("/health/ready"), 200).json()["parts"]
        assert (content["search"], content["sync"]) == ("down", "down")
    # Sync regards the copies as filled until the next change.
    parts.collection("posts", "posts").update_one({"_id": parts.posts[0].post_id}, {"$inc": {"downs": 1}})
    eventually(lambda: ready(url), ARRIVED_SECONDS)
    assert Client(url).json("/search", q=parts.word)["_meta"]["total"] == len(parts.posts)


@pytest.mark.usefixtures("all_ready")
def test_a_new_replica_gets_requests_once_it_is_ready(parts: Parts) -> None:
    before = parts.stage.urls("search", "v2")
    scaling = threading.Thread(target=parts.stage.workshop, args=("scale", "search=2"))

    def filling() -> str:
        new, *_ = [*parts.stage.services()["search"]["v2"]["filling"], ""]
        assert new
        lacks_copies(new)
        assert parts.stage.urls("search", "v2") == before
        states = {each["url"]: each["state"] for each in parts.stage.recorded_instances()}
        assert states[new] == "filling"
        return str(new)

    with frozen(parts.processes("sync")):
        scaling.start()
        new = eventually(filling, ARRIVED_SECONDS)
    scaling.join(ARRIVED_SECONDS)
    assert set(parts.stage.urls("search", "v2")) == {*before, new}
    ready(new)
    parts.stage.workshop("scale", "search=1")


@pytest.mark.usefixtures("all_ready")
def test_services_stay_ready_while_sync_is_away(parts: Parts) -> None:
    with frozen(parts.processes("sync")):
        content = expect(Client(parts.face).get("/health/ready"), 200).json()["parts"]
        assert content["sync"] == "down"
        for service in ("search", "recommend", "like"):
            ready(parts.url(service))


def test_face_needs_all_services_once_and_posts_always() -> None:
    latch, found = Latch(), {"posts": True, "search": False, "smtp": False}
    looked = threading.Event()

    def health() -> dict[str, bool]:
        looked.set()
        return found

    optional = OptionalParts(health, latch)
    assert looked.wait(ARRIVED_SECONDS)
    assert [part in optional for part in found] == [False, False, True]
    found["search"] = True
    eventually(holds(lambda: latch.is_set), ARRIVED_SECONDS)
    found["search"] = False
    assert [part in optional for part in found] == [False, True, True]
