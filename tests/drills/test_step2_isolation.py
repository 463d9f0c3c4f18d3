"""Each service of step 2 is killed in turn and stays dead: which verbs still work, and how the others fail.

The table of what survives is written to
artefacts/step2-isolation.md.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from tests.step2.scaling import Stage
from tests.support.browser import Browser
from tests.support.client import PASSWORD, Client, Reader, new_name, new_reader, sign_in
from tests.support.eventually import eventually
from tests.support.image_site import ImageSite
from tests.support.responses import describe, expect, expect_retry_after
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from workshop.testbed.step import without_service

pytestmark = [pytest.mark.drill, pytest.mark.only_step(2)]


ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "artefacts" / "step2-isolation.md"
POSTS = 12
BACK_SECONDS = 60.0
PATIENCE = 30.0
"""The most seconds until a response while a service is dead: a bound, not a measurement."""

OK, GAP, LATER, DOWN = "ok", "gap", "202", "503"
"""LATER is a sign-out after which some services may still accept the token for a while."""

MARKED = {"tags", "liked", "hidden"}
COUNTED = {"tags", "likes", "hidden", "shares"}
PAGES = ("list", "show", "search", "recommend", "tagged", "liked", "hidden", "profile")

EXPECTED: dict[str, dict[str, set[str]]] = {
    "posts": {DOWN: {"list", "show", "tagged", "liked", "hidden"}, LATER: {"sign out"}},
    "search": {DOWN: {"search"}, LATER: {"sign out"}},
    "recommend": {DOWN: {"recommend"}, LATER: {"sign out"}},
    "tag": {
        DOWN: {"tag", "untag", "tags", "tagged"},
        GAP: {"list", "show", "search", "recommend", "liked", "hidden", "profile"},
        LATER: {"sign out"},
    },
    "like": {
        DOWN: {"like", "liked"},
        GAP: {"list", "show", "search", "recommend", "tagged", "hidden", "profile"},
        LATER: {"sign out"},
    },
    "hide": {
        DOWN: {"hide", "hidden"},
        GAP: {"list", "show", "search", "recommend", "tagged", "liked", "profile"},
        LATER: {"sign out"},
    },
    "share": {DOWN: {"share"}, GAP: {"profile"}, LATER: {"sign out"}},
    "members": {DOWN: {"sign up", "sign in", "sign out", "profile"}},
    "images": {DOWN: {"image"}, LATER: {"sign out"}},
    "sync": {LATER: {"sign out"}},
}
"""The verbs that fail or have gaps without a service, by service; all others work as before."""


@dataclass
class Scene:
    """A running step, a reader and the posts of the test."""

    running: RunningStep
    run: psutil.Process
    reader: Reader
    browser: Browser
    word: str
    posts: list[str]
    pictured: list[str]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("isolation")
    with ImageSite() as images:
        settings = {
            "IMAGE_ALLOWED_HOSTS": images.host,
            "STONES_LOG_LEVEL": "ERROR",
            "SHARES_PER_MINUTE": "1000",
        }
        with RunningStep(2, folder / "state", settings) as running:
            word, topic = new_word(), new_topic()
            posts = [
                Submission(f"{word} {each}", topic, 1_600_000_000 + each, ups=99) for each in range(POSTS)
            ]
            pictured = [
                Submission("pictured", new_topic(), 1_500_000_000, url=f"{images.url}/{each}.png")
                for each in range(len(EXPECTED))
            ]
            kept = Submission("liked and hidden all the time", new_topic(), 1_400_000_000)
            file = folder / "posts.ndjson"
            file.write_text("".join(each.line() for each in [*posts, *pictured, kept]), encoding="utf-8")
            running.load(file)
            browser = Browser(running.url)
            browser.sign_up()
            reader = Reader(running.url, browser.username, sign_in(running.url, browser.username))
            made = Scene(
                running,
                Stage(running).run(),
                reader,
                browser,
                word,
                [each.post_id for each in posts],
                [each.post_id for each in pictured],
            )
            eventually(lambda: check_all_survives(made), BACK_SECONDS)
            expect(reader.put(f"/posts/{made.posts[0]}/tags/kept"), 200)
            for verb in ("like", "hide"):
                expect(reader.put(f"/posts/{kept.post_id}/{verb}"), 200)
            yield made


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, dict[str, str]]]:
    rows: dict[str, dict[str, str]] = {}
    yield rows
    verbs = list(next(iter(rows.values()), {}))
    lines = [f"| killed | {' | '.join(verbs)} |", "|---" * (len(verbs) + 1) + "|"]
    lines += [f"| {service} | {' | '.join(row[verb] for verb in verbs)} |" for service, row in rows.items()]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("# Step 2: what survives the death of a service\n\n" + "\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))


def check_all_survives(scene: Scene) -> None:
    ready = expect(Client(scene.running.url).get("/health/ready"), 200).json()["parts"]
    assert set(ready.values()) == {"ok"}, ready
    for post in (*scene.posts, *scene.pictured):
        for verb in ("like", "hide", "tags/x"):
            expect(scene.reader.delete(f"/posts/{post}/{verb}"), 200)
    assert len(scene.reader.items("/search", q=scene.word)) == POSTS
    assert len(scene.reader.items("/recommended")) == POSTS


def outcome(
    response: requests.Response, missing: Callable[[requests.Response], set[str]] | None = None
) -> str:
    """Return the outcome of a verb by its response; `missing` returns what a good response lacks."""
    if response.status_code == 202:
        return LATER
    if response.status_code == 503:
        expect_retry_after(response, 503)
        return DOWN
    assert response.status_code < 400, describe(response)
    return GAP if missing is not None and missing(response) else OK


def marks_missing(response: requests.Response) -> set[str]:
    body = response.json()
    posts = body.get("_items", [body])
    assert posts
    return set().union(*(MARKED - set(post) for post in posts))


def counts_missing(response: requests.Response) -> set[str]:
    return COUNTED - set(response.json()["counts"])


def outcomes_of(scene: Scene, picture: str, spare: Reader) -> dict[str, str]:
    """Return the outcome of each verb now."""
    reader, visitor, post = scene.reader, Client(scene.running.url), scene.posts[1]
    bounded = {"timeout": PATIENCE}
    account = {"username": new_name(), "password": PASSWORD}
    shared = {"to": "ann@example.org"}
    known = {"username": reader.username, "password": PASSWORD}
    return {
        "list": outcome(reader.get("/", **bounded), marks_missing),
        "show": outcome(reader.get(f"/posts/{post}", **bounded), marks_missing),
        "search": outcome(reader.get(f"/search?q={scene.word}", **bounded), marks_missing),
        "recommend": outcome(reader.get("/recommended", **bounded), marks_missing),
        "sign up": outcome(visitor.post("/signup", json=account, **bounded)),
        "sign in": outcome(visitor.post("/login", json=known, **bounded)),
        "sign out": outcome(spare.post("/logout", **bounded)),
        "profile": outcome(reader.get("/me", **bounded), counts_missing),
        "tag": outcome(reader.put(f"/posts/{post}/tags/new", **bounded)),
        "untag": outcome(reader.delete(f"/posts/{post}/tags/new", **bounded)),
        "tags": outcome(reader.get("/tags", **bounded)),
        "tagged": outcome(reader.get("/tags/kept", **bounded), marks_missing),
        "liked": outcome(reader.get("/likes", **bounded), marks_missing),
        "hidden": outcome(reader.get("/hidden", **bounded), marks_missing),
        "like": outcome(reader.put(f"/posts/{post}/like", **bounded)),
        "hide": outcome(reader.delete(f"/posts/{post}/hide", **bounded)),
        "share": outcome(reader.post(f"/posts/{post}/share", json=shared, **bounded)),
        "image": outcome(visitor.get(f"/images/{picture}", **bounded)),
    }


def outcomes_for_visitor(scene: Scene) -> dict[str, str]:
    """Return the outcomes for a visitor, whose pages cannot have gaps."""
    visitor = Client(scene.running.url)
    paths = ("/", f"/posts/{scene.posts[1]}", f"/search?q={scene.word}", "/recommended")
    return {
        verb: outcome(visitor.get(path, timeout=PATIENCE)) for verb, path in zip(PAGES, paths, strict=False)
    }


def pages_with_gaps(scene: Scene) -> set[str]:
    """Return the verbs whose page says that something is missing."""
    paths = (
        "/",
        f"/posts/{scene.posts[1]}",
        f"/search?q={scene.word}",
        "/recommended",
        "/tags/kept",
        "/likes",
        "/hidden",
        "/me",
    )
    responses = {
        verb: scene.browser.get(path, timeout=PATIENCE) for verb, path in zip(PAGES, paths, strict=True)
    }
    return {verb for verb, response in responses.items() if response.ok and 'class="gap"' in response.text}


@pytest.mark.parametrize("service", EXPECTED)
def test_dead_service_is_reported_and_the_other_verbs_still_work(
    scene: Scene, table: dict[str, dict[str, str]], service: str
) -> None:
    spare = Reader(
        scene.running.url, scene.reader.username, sign_in(scene.running.url, scene.reader.username)
    )
    visitor = Client(scene.running.url)
    with without_service(scene.run, service):
        began = time.monotonic()
        found = outcomes_of(scene, scene.pictured[list(EXPECTED).index(service)], spare)
        visited = outcomes_for_visitor(scene)
        gaps = pages_with_gaps(scene)
        live = visitor.get("/health/live", timeout=PATIENCE)
        ready = visitor.get("/health/ready", timeout=PATIENCE)
        print(f"{service} dead: all responses in {time.monotonic() - began:.1f} s")
    eventually(lambda: check_all_survives(scene), BACK_SECONDS)
    table[service] = found
    expected = {verb: how for how, verbs in EXPECTED[service].items() for verb in verbs}
    assert found == {verb: expected.get(verb, OK) for verb in found}
    assert visited == {verb: DOWN if expected.get(verb) == DOWN else OK for verb in visited}
    # The browser's reader has tagged nothing; else its page has the gaps that the reader's responses have.
    assert gaps == {verb for verb, how in expected.items() if how == GAP and verb in PAGES}
    assert live.status_code == 200
    assert ready.json()["parts"][service] == "down"
    assert ready.status_code == (503 if service == "posts" else 200)


def test_all_verbs_work_after_all_services_are_back(scene: Scene) -> None:
    check_all_survives(scene)
    reader = new_reader(scene.running.url)
    expect(reader.put(f"/posts/{scene.posts[2]}/like"), 200)
    assert reader.json(f"/posts/{scene.posts[2]}")["liked"] is True
