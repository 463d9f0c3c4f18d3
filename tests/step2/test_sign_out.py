"""A sign-out is answered once every service refuses the token, or says which services may still accept it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from step2_services.sync.relations import RELATIONS
from tests.step2.running_parts import ARRIVED_SECONDS, Parts, frozen
from tests.step2.scaling import Stage
from tests.support.browser import Browser
from tests.support.client import Client, Reader, sign_in, sign_up
from tests.support.eventually import eventually
from tests.support.responses import describe, expect, expect_error, expect_unauthorized
from tests.support.running_step import RunningStep

HEADER = "Replication-Secret"
SECRET = "replication secret of step 2"
TAKERS = sorted(each.taker for each in RELATIONS if each.what == "revocations")
KINDS = sorted({each.what for each in RELATIONS})
OWN = {
    "tag": "/own-marks/tags",
    "like": "/own-marks/liked",
    "hide": "/own-marks/hidden",
    "images": "/pictures",
    "members": "/me",
    "posts": "/posts",
    "recommend": "/recommended",
    "search": "/search?q=stone",
    "share": "/shares",
}
"""A path of each service that identifies readers."""

SIGN_OUTS = 12
TOGETHER = 8


def check_refused(stage: Stage, token: str) -> None:
    """Check that every instance of every service refuses the token at once."""
    services = stage.services()
    for service, path in OWN.items():
        for version in services[service].values():
            for url in version["urls"]:
                expect_unauthorized(Client(url, token).get(path))


def replicate(running: RunningStep, what: str) -> None:
    """Have sync replicate a kind of document at once."""
    url = f"http://127.0.0.1:{running.ports['STEP2_SYNC_PORT']}"
    expect(Client(url).post(f"/replications/{what}", headers={HEADER: running.secrets[SECRET]}), 200)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A step whose sync waits a minute between two rounds, with two instances of some services."""
    state = tmp_path_factory.mktemp("minute") / "state"
    with RunningStep(2, state, {"SYNC_INTERVAL": "60", "STONES_LOG_LEVEL": "WARNING"}) as running:
        stage = Stage(running)
        stage.await_each_version()
        scaling = threading.Thread(target=stage.workshop, args=("scale", "like=2", "search:v2=2"))
        scaling.start()

        def there() -> None:
            for what in KINDS:  # new instances are ready when their copies are up to date
                replicate(running, what)
            assert (len(stage.urls("like")), len(stage.urls("search", "v2"))) == (2, 2)

        eventually(there)
        scaling.join()
        yield stage


@pytest.mark.drill
class TestSyncOncePerMinute:
    """With an interval of a minute, copies cannot have a token by chance."""

    def test_every_instance_refuses_the_token_after_each_sign_out(self, stage: Stage) -> None:
        url = stage.running.url
        name = sign_up(url)
        for _ in range(SIGN_OUTS):
            token = sign_in(url, name)
            expect(Client(url, token).get("/search?q=stone"), 200)
            assert expect(Client(url, token).post("/logout"), 204).content == b""
            check_refused(stage, token)

    def test_sign_outs_at_the_same_time_are_all_confirmed(self, stage: Stage) -> None:
        url = stage.running.url
        name = sign_up(url)
        tokens = [sign_in(url, name) for _ in range(TOGETHER)]

        def sign_out(token: str) -> None:
            expect(Client(url, token).post("/logout"), 204)
            check_refused(stage, token)

        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(sign_out, tokens))

    def test_browser_is_signed_out_without_a_note(self, stage: Stage) -> None:
        browser = Browser(stage.running.url)
        browser.sign_up()
        expect(browser.submit("/logout", {}, browser.page_token()), 303)
        assert browser.page("/").select_one(".gap") is None


@pytest.fixture
def without_sync(parts: Parts, member: Reader) -> Iterator[Parts]:
    """The step while sync is suspended. The member's keys and copies are there."""
    expect(member.get("/me"), 200)
    with frozen(parts.processes("sync")):
        yield parts
    parts.await_arrival()


def check_unconfirmed(body: dict[str, object], services: list[str]) -> None:
    assert set(body) == {"message", "services", "until"}
    assert sorted(body["services"]) == services
    left = datetime.fromisoformat(str(body["until"])) - datetime.now(UTC)
    assert timedelta(minutes=50) < left <= timedelta(hours=1)
    assert all(name in str(body["message"]) for name in services)


def test_without_sync_the_response_names_all_services(without_sync: Parts, member: Reader) -> None:
    response = expect(member.post("/logout"), 202)
    check_unconfirmed(response.json(), TAKERS)
    expect_unauthorized(member.get("/me"))
    expect_unauthorized(member.post("/logout"))


def test_without_sync_browsers_get_a_note_once(without_sync: Parts) -> None:
    browser = Browser(without_sync.face)
    browser.sign_up()
    response = expect(browser.submit("/logout", {}, browser.page_token()), 303)
    assert browser.leads_to(response) == "/"
    page = browser.page("/")
    (note,) = page.select(".gap")
    assert all(name in note.text for name in ("signed out", *TAKERS))
    assert page.select_one("form[action='/logout']") is None
    assert browser.page("/").select_one(".gap") is None


def test_taker_that_does_not_respond_is_named(parts: Parts, member: Reader) -> None:
    with frozen(parts.processes("share")):
        response = expect(member.post("/logout"), 202)
        check_unconfirmed(response.json(), ["share"])
        for service in OWN.keys() - {"share"}:
            expect_unauthorized(Client(parts.url(service), member.token).get(OWN[service]))

    def refused() -> None:
        assert Client(parts.url("share"), member.token).get("/shares").status_code == 401

    eventually(refused, ARRIVED_SECONDS)
    parts.await_arrival()


def test_post_is_not_shown_to_an_ended_token_while_owners_of_marks_are_away(
    parts: Parts, member: Reader
) -> None:
    """`posts` itself refuses the token."""
    owners = ("hide", "like", "tag")
    with frozen([process for owner in owners for process in parts.processes(owner)]):
        check_unconfirmed(expect(member.post("/logout"), 202).json(), sorted(owners))
        expect_unauthorized(member.get(f"/posts/{parts.posts[0].post_id}"))
    parts.await_arrival()


class TestReplicating:
    @pytest.mark.parametrize("given", [None, "", "wrong", "é", "operator"], ids=repr)
    def test_verb_needs_the_secret_of_the_face(self, parts: Parts, member: Reader, given: str | None) -> None:
        known = {"operator": parts.secrets["operator secret of step 2"]}
        headers = {} if given is None else {HEADER: known.get(given, given).encode()}
        for client in (Client(parts.url("sync")), parts.reader_at("sync", member)):
            for what in ("revocations", "nothing"):
                response = client.post(f"/replications/{what}", headers=headers)
                assert response.status_code in (401, 403), describe(response)
                assert parts.secrets[SECRET] not in response.text

    def test_kinds_that_nobody_copies_are_not_found(self, parts: Parts) -> None:
        headers = {HEADER: parts.secrets[SECRET]}
        for what in ("members", "nothing"):
            response = Client(parts.url("sync")).post(f"/replications/{what}", headers=headers)
            assert "Nobody keeps copies" in expect_error(response, 404)["_error"]["message"]

    @pytest.mark.parametrize("what", KINDS)
    def test_response_names_the_takers(self, parts: Parts, what: str) -> None:
        headers = {HEADER: parts.secrets[SECRET]}
        body = expect(Client(parts.url("sync")).post(f"/replications/{what}", headers=headers), 200).json()
        assert sorted(body["done"]) == sorted(each.taker for each in RELATIONS if each.what == what)
        assert body["late"] == []
