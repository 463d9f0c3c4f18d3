"""Invalid documents of other programs are left out and reported; all others are copied."""

from collections.abc import Iterator

import pytest
from bson import ObjectId

from tests.step2.running_parts import ARRIVED_SECONDS, Parts
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.odd_documents import odd_posts, valid_posts
from tests.support.responses import expect
from tests.support.submission import new_word

TAKERS = ("search", "recommend", "tag", "like", "hide", "share", "images")


@pytest.fixture
def odd(parts: Parts) -> Iterator[str]:
    """A word of many invalid posts and one valid post; the invalid ones are removed afterwards."""
    word = new_word()
    posts = parts.collection("posts", "posts")
    documents = [*odd_posts(text=word), *valid_posts(1, text=word)]
    posts.insert_many(documents)
    yield word
    posts.delete_many({"_id": {"$in": [each["_id"] for each in documents]}})
    eventually(lambda: check_left_out(parts, 0), ARRIVED_SECONDS)


def check_left_out(parts: Parts, least: int) -> None:
    relations = parts.relations()
    counts = [relations[f"{taker}.posts"]["left_out"] for taker in TAKERS]
    assert min(counts) >= least
    assert max(counts) == 0 or least


def test_valid_documents_are_copied(parts: Parts, member: Reader, odd: str) -> None:
    parts.await_arrival()
    found = Client(parts.face).items("/search", q=odd)
    assert len(found) == 1
    expect(member.put(f"/posts/{found[0]['_id']}/like"), 200)
    eventually(lambda: check_left_out(parts, 100), ARRIVED_SECONDS)
    relation = parts.relations()["search.posts"]
    assert len(relation["examples"]) == 5
    assert (relation["state"], relation["problem"]) == ("follows", "")
    for path in ("/", f"/search?q={odd}", "/recommended"):
        for accept in ("application/json", "text/html"):
            expect(Client(parts.face).get(path, headers={"Accept": accept}), 200)


def test_rebuild_leaves_out_the_same_documents(parts: Parts, odd: str) -> None:
    parts.await_arrival()
    output = parts.stage.workshop("rebuild", "search")
    assert "search.posts: done" in output
    copied = parts.collection("search", "posts").count_documents({})
    assert f"{copied:,} documents" in output
    assert len(Client(parts.face).items("/search", q=odd)) == 1


def test_invalid_document_is_reported_until_it_is_removed(parts: Parts, member: Reader) -> None:
    posts = parts.collection("posts", "posts")
    identifier = posts.insert_one({"title": "saved by a tool"}).inserted_id
    assert isinstance(identifier, ObjectId)

    def is_reported() -> None:
        for taker in TAKERS:
            row = parts.relations()[f"{taker}.posts"]
            assert row["left_out"] == 1
            assert str(identifier) in row["examples"][0]

    eventually(is_reported, ARRIVED_SECONDS)
    posts.delete_one({"_id": identifier})
    eventually(lambda: check_left_out(parts, 0), ARRIVED_SECONDS)
