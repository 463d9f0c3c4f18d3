"""Two versions of search at once: chosen by name, or by their shares."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.step2.running_parts import Parts
from tests.support.client import Client
from tests.support.responses import expect, expect_message
from tests.support.submission import Submission, new_topic, new_word

COUNT = 6
REQUESTS = 60


class Found:
    """Posts that the versions sort differently: the older a post, the better it matches."""

    def __init__(self) -> None:
        self.word = new_word()
        topic = new_topic()
        self.newest = [
            Submission(
                f"{self.word} {number}", topic, 1_500_000_000 - number, text=f"{self.word} " * 4 * number
            )
            for number in range(COUNT)
        ]

    def expect_order(self, version: str, ids: list[str]) -> None:
        newest = [post.post_id for post in self.newest]
        assert ids == (newest if version == "v1" else newest[::-1])


@pytest.fixture(scope="module")
def found(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Found:
    made = Found()
    file: Path = tmp_path_factory.mktemp("versions") / "posts.ndjson"
    file.write_text("".join(each.line() for each in made.newest), encoding="utf-8")
    parts.stage.running.load(file)
    parts.await_arrival()
    return made


@pytest.fixture
def shares_as_before(parts: Parts) -> Iterator[None]:
    yield
    parts.stage.workshop("versions", "search", "v1=0", "v2=100")


def search(parts: Parts, found: Found, requested: str = "") -> tuple[str, list[str]]:
    """Return the version that responded, and the ids."""
    headers = {"Service-Version": requested} if requested else {}
    response = expect(Client(parts.face).get("/search", params={"q": found.word}, headers=headers), 200)
    versions = {
        part.rpartition(" ")[2]
        for part in response.headers["Served-By"].split(", ")
        if part.startswith("search-")
    }
    (version,) = versions
    return version, [each["_id"] for each in response.json()["_items"]]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_each_version_has_its_own_order(parts: Parts, found: Found, version: str) -> None:
    (url,) = parts.stage.urls("search", version)
    response = expect(Client(url).get("/search", params={"q": found.word}), 200)
    assert re.fullmatch(rf"search-{version}(-\d+)? {version}", response.headers["Served-By"])
    found.expect_order(version, [each["_id"] for each in response.json()["_items"]])
    assert Client(url).json("/openapi.json")["info"]["version"] == version


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("requested", ["search={}", "search = {}", "posts=v1, search={}", "search={},tag=v1"])
def test_header_at_the_face_chooses_the_version(
    parts: Parts, found: Found, requested: str, version: str
) -> None:
    for _ in range(3):
        served, ids = search(parts, found, requested.format(version))
        assert served == version
        found.expect_order(version, ids)


@pytest.mark.parametrize("requested", ["", "posts=v1", "search", "search=", "=v1", ";;", "v1"])
def test_request_without_a_version_gets_one_by_the_shares(parts: Parts, found: Found, requested: str) -> None:
    assert parts.stage.shares("search") == {"v2": 100, "v1": 0}
    served, ids = search(parts, found, requested)
    assert served == "v2"
    found.expect_order("v2", ids)


@pytest.mark.usefixtures("shares_as_before")
def test_shares_choose_among_running_versions(parts: Parts, found: Found) -> None:
    parts.stage.workshop("versions", "search", "v1=50", "v2=50")
    served: Counter[str] = Counter()
    for _ in range(REQUESTS):
        version, ids = search(parts, found)
        found.expect_order(version, ids)
        served[version] += 1
    # By chance alone fewer than 10 of 60 come once in 100 million runs.
    assert min(served["v1"], served["v2"]) >= 10, served
    parts.stage.workshop("versions", "search", "v1=100", "v2=0")
    assert {search(parts, found)[0] for _ in range(10)} == {"v1"}
    assert search(parts, found, "search=v2")[0] == "v2"


@pytest.mark.parametrize(
    ("path", "requested", "service"),
    [
        ("/search?q=stone", "search=v3", "search"),
        ("/search?q=stone", "search=v1.0, search=v2", "search"),
        ("/search?q=stone", "search=../v1", "search"),
        ("/", "posts=v2", "posts"),
        ("/recommended", "recommend=none", "recommend"),
    ],
)
def test_unknown_version_is_refused(parts: Parts, path: str, requested: str, service: str) -> None:
    response = Client(parts.face).get(path, headers={"Service-Version": requested})
    expect_message(response, 400, f"There is no {service}", "there is: v1")
