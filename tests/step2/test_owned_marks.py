"""The verb by which an owner of marks says what a reader has marked."""

from datetime import UTC, datetime

import pytest

from tests.step2.running_parts import Parts
from tests.support.client import Client, Reader
from tests.support.responses import expect, expect_error, expect_unauthorized

MARKS = {
    "tag": ("tags/stone", "tags", ["stone"]),
    "like": ("like", "liked", True),
    "hide": ("hide", "hidden", True),
}
"""The path of each owner's verb, the field of its marks and their value then."""

OWNERS = sorted(MARKS)


def own_marks(owner: str) -> str:
    return f"/own-marks/{MARKS[owner][1]}"


@pytest.mark.parametrize("owner", OWNERS)
def test_marks_on_posts(parts: Parts, member: Reader, owner: str) -> None:
    path, field, value = MARKS[owner]
    marked, other, unmarked = (post.post_id for post in parts.posts[-3:])
    client = parts.reader_at(owner, member)
    for post in (marked, other):
        expect(client.put(f"/posts/{post}/{path}"), 200)
    (mark,) = client.json(own_marks(owner), posts=f"{marked},{unmarked}")["marks"]
    assert mark.pop("at")
    assert mark == {"post": marked, "topic": parts.topic, field: value}
    expect(client.delete(f"/posts/{marked}/{path}"), 200)
    (mark,) = client.json(own_marks(owner), posts=marked)["marks"]
    assert mark[field] in ([], False)


@pytest.mark.parametrize("owner", OWNERS)
def test_latest_marks_come_first(parts: Parts, member: Reader, owner: str) -> None:
    client, name = parts.reader_at(owner, member), member.username
    assert client.json(own_marks(owner)) == {"marks": []}
    posts = [post.post_id for post in parts.posts[-51:]]
    for post in posts:
        expect(client.put(f"/posts/{post}/{MARKS[owner][0]}"), 200)
    found = [each["post"] for each in client.json(own_marks(owner))["marks"]]
    assert found == posts[:0:-1]
    assert parts.collection(owner, "marks").count_documents({"reader": name}) == len(posts)


@pytest.mark.parametrize("owner", OWNERS)
def test_marks_of_other_readers_are_not_shown(parts: Parts, member: Reader, owner: str) -> None:
    other, post = parts.new_member(), parts.posts[-1].post_id
    expect(parts.reader_at(owner, other).put(f"/posts/{post}/{MARKS[owner][0]}"), 200)
    client = parts.reader_at(owner, member)
    assert client.json(own_marks(owner)) == client.json(own_marks(owner), posts=post) == {"marks": []}
    expect_unauthorized(Client(parts.url(owner)).get(own_marks(owner)))


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize(
    "given", ["", ",", "x", "t3_1,", "t3_1;t3_2", "t3_1,$where", ",".join(["t3_1"] * 51)]
)
def test_malformed_ids_are_refused(parts: Parts, member: Reader, owner: str, given: str) -> None:
    expect_error(parts.reader_at(owner, member).get(own_marks(owner), params={"posts": given}), 400)


@pytest.mark.parametrize("owner", OWNERS)
def test_invalid_marks_of_other_programs_are_left_out(parts: Parts, member: Reader, owner: str) -> None:
    post, field, name = parts.posts[-1].post_id, MARKS[owner][1], member.username
    marks = parts.collection(owner, "marks")
    valid = {"reader": name, "topic": "x", "at": datetime.now(UTC), field: MARKS[owner][2]}
    marks.insert_many(
        [
            {**valid, "_id": f"{name}:{post}", "post": post, field: "odd"},
            {**valid, "_id": f"{name}:7", "post": 7},
        ]
    )
    client = parts.reader_at(owner, member)
    assert client.json(own_marks(owner)) == client.json(own_marks(owner), posts=post) == {"marks": []}
    marks.delete_many({"reader": name})
