"""The face under test, its posts and its readers.

CONTRACT_URL lets the suite run against a step that is up already; `--step` then says which (for its deadline
and for `workshop load`) and CONTRACT_MAIL_URL where its mail is caught. CONTRACT_IMAGE_PORT and
CONTRACT_CLOSED_PORT are two ports of 127.0.0.1 that its IMAGE_ALLOWED_HOSTS names; without them the tests of
pictures are skipped. Its TRUSTED_PROXIES names 127.0.0.9.
"""

import os
import socket
from collections.abc import Iterator

import pytest

from tests.contract.face import Face
from tests.contract.picture_cases import picture_cases
from tests.support.browser import Browser
from tests.support.client import Client, Reader, new_reader
from tests.support.corpus import Corpus
from tests.support.eventually import eventually
from tests.support.image_site import ImageSite
from tests.support.made_corpus import make_corpus
from tests.support.mailbox import Mailbox
from tests.support.question import SITE, posts_xml
from tests.support.responses import expect
from tests.support.shared_step import SharedStep, shared_steps
from tests.support.workshop_command import call

UP_ALREADY = "CONTRACT_URL"
DEADLINES = {0: 0.0, 1: 0.0, 2: 1.5, 3: 1.0}
"""Seconds, by step, until other readers see a write."""

SLACK = 30.0
"""How many times slower a busy machine may be. How soon it is on an idle one is measured, not tested: see
`make bench` and `make compare`. What must happen at once must do so on every machine.
"""


@pytest.fixture(scope="package")
def shared(step: int, tmp_path_factory: pytest.TempPathFactory) -> SharedStep | None:
    """The step under test, unless one is up already."""
    return None if UP_ALREADY in os.environ else shared_steps.get(step, tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="package")
def images(shared: SharedStep | None) -> Iterator[ImageSite]:
    if shared:
        yield shared.images
        return
    with ImageSite(int(os.environ.get("CONTRACT_IMAGE_PORT", "0"))) as site:
        yield site


@pytest.fixture(scope="package")
def closed_port(shared: SharedStep | None) -> Iterator[int]:
    """A port that refuses connections for as long as the tests run."""
    if shared:
        yield shared.closed_port
        return
    with socket.socket() as held:
        held.bind(("127.0.0.1", int(os.environ.get("CONTRACT_CLOSED_PORT", "0"))))
        yield held.getsockname()[1]


@pytest.fixture(scope="package")
def face(step: int, shared: SharedStep | None) -> Face:
    deadline = SLACK * DEADLINES[step]
    if shared:
        running = shared.running
        mail = Mailbox(running.mail_url)
        return Face(running.url, deadline, mail, running.workshop_load, running.ports["MONGO_PORT"])
    mail = Mailbox(os.environ.get("CONTRACT_MAIL_URL", "http://127.0.0.1:8025").rstrip("/"))
    sees_images = {"CONTRACT_IMAGE_PORT", "CONTRACT_CLOSED_PORT"} <= set(os.environ)

    def load(*arguments: str) -> str:
        return call(["load", "--step", str(step), *arguments], os.environ)

    database_port = int(os.environ.get("MONGO_PORT", "27117"))
    return Face(os.environ[UP_ALREADY].rstrip("/"), deadline, mail, load, database_port, sees_images)


@pytest.fixture(scope="package")
def corpus(
    face: Face, images: ImageSite, closed_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Corpus:
    """Posts of the run's own, loaded as a user loads them, and there for everybody."""
    made = make_corpus(images, picture_cases(images, closed_port, face.database_port))
    folder = tmp_path_factory.mktemp("posts")
    file = folder / "posts.ndjson"
    file.write_text("".join(each.line() for each in made.submissions()), encoding="utf-8")
    face.load("--file", str(file))
    dump = folder / SITE / "Posts.xml"
    dump.parent.mkdir()
    dump.write_text(posts_xml(made.question), encoding="utf-8")
    face.load("--file", str(dump))

    def check() -> None:
        found = Client(face.url).json("/search", q=made.word)["_meta"]["total"]
        assert found == len(made.submissions()) + 1

    eventually(check)
    return made


@pytest.fixture(scope="package")
def regular(face: Face) -> Reader:
    """A member shared by the tests that marks of other tests do not disturb: hashing passwords takes time."""
    return new_reader(face.url)


@pytest.fixture(scope="package")
def other(face: Face) -> Reader:
    """A second shared member."""
    return new_reader(face.url)


@pytest.fixture
def visitor(face: Face) -> Client:
    """A client that has not signed in."""
    return Client(face.url)


@pytest.fixture
def reader(face: Face) -> Reader:
    """A new member."""
    return new_reader(face.url)


@pytest.fixture
def browser(face: Face) -> Browser:
    """A browser without cookies."""
    return Browser(face.url)


@pytest.fixture
def member(browser: Browser, regular: Reader) -> Browser:
    """A browser in which a member has just signed in."""
    expect(browser.sign_in(regular.username), 303)
    return browser


@pytest.fixture
def post(corpus: Corpus) -> str:
    """The id of a post that no other test has used."""
    return corpus.spare.pop().post_id
