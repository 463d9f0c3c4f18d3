"""The collection of marks: what each verb stores, and what the queries find."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from kit.domain.marks.collection import TAGS_PER_POST, Marks, only_texts
from kit.domain.marks.documents import mark_id, put_mark
from kit.http.collections import Page
from kit.http.problems import Unprocessable

Document = dict[str, Any]


@pytest.fixture
def marks(database: Database[Document]) -> Marks:
    return Marks(database["marks"])


def kept(marks: Marks, reader: str, post: str) -> Document:
    """Return what is stored for a reader and a post, without the times."""
    found = marks.collection.find_one({"_id": f"{reader}:{post}"})
    assert found is not None
    times = [name for name, value in found.items() if isinstance(value, datetime)]
    return {name: value for name, value in found.items() if name not in times} | {"times": sorted(times)}


def test_tag_is_added_and_removed(marks: Marks) -> None:
    assert marks.tag("ada", "t3_1", "python", "read") == ["read"]
    assert marks.tag("ada", "t3_1", "python", "later") == ["later", "read"]
    assert marks.tag("ada", "t3_1", "python", "read") == ["later", "read"]
    place = {"_id": "ada:t3_1", "reader": "ada", "post": "t3_1", "topic": "python"}
    assert kept(marks, "ada", "t3_1") == {**place, "tags": ["read", "later"], "times": ["at"]}
    assert marks.untag("ada", "t3_1", "python", "read") == ["later"]
    assert marks.untag("ada", "t3_1", "python", "later") == []
    assert marks.untag("ada", "t3_2", "python", "never put") == []
    assert kept(marks, "ada", "t3_2")["topic"] == "python"


def test_number_of_tags_is_limited(marks: Marks) -> None:
    for number in range(TAGS_PER_POST):
        assert len(marks.tag("ada", "t3_1", "python", f"tag-{number:02}")) == number + 1
    with pytest.raises(Unprocessable) as full:
        marks.tag("ada", "t3_1", "python", "one more")
    assert full.value.issues == {"tag": "this post has 50 of your tags already; remove one first"}
    assert len(marks.tag("ada", "t3_1", "python", "tag-00")) == TAGS_PER_POST
    assert marks.tag("ada", "t3_2", "python", "elsewhere") == ["elsewhere"]
    assert marks.tag("bob", "t3_1", "python", "another's") == ["another's"]


def test_like_counts_once_and_can_be_removed(marks: Marks) -> None:
    assert marks.like("ada", "t3_1", "python", True) == 1
    assert marks.like("ada", "t3_1", "python", True) == 1
    assert marks.like("bob", "t3_1", "python", True) == 2
    assert marks.collection.distinct("_id") == ["ada:t3_1", "bob:t3_1"]
    place = {"_id": "ada:t3_1", "reader": "ada", "post": "t3_1", "topic": "python"}
    assert kept(marks, "ada", "t3_1") == {**place, "liked": True, "times": ["at", "liked_at"]}
    assert marks.like("ada", "t3_1", "python", False) == 1
    assert kept(marks, "ada", "t3_1")["liked"] is False
    assert marks.likes(["t3_1", "t3_2"]) == {"t3_1": 1}
    assert marks.likes(["t3_2"]) == {}
    assert marks.like("cleo", "t3_1", "python", True) == 2
    assert marks.likes(["t3_1"]) == {"t3_1": 2}


def test_setting_a_mark_again_keeps_its_time(marks: Marks) -> None:
    marks.like("ada", "t3_1", "python", True)
    before = moments(marks)
    marks.like("ada", "t3_1", "python", True)
    marks.tag("ada", "t3_1", "python", "x")
    again = moments(marks)
    assert again["liked_at"] == before["liked_at"]
    assert again["at"] > before["at"]
    marks.like("ada", "t3_1", "python", False)
    assert moments(marks)["liked_at"] > before["liked_at"]


def moments(marks: Marks) -> Document:
    return marks.collection.find_one({"_id": "ada:t3_1"}) or {}


def test_hidden_posts_are_the_readers_own(marks: Marks) -> None:
    marks.hide("ada", "t3_1", "python", True)
    marks.hide("ada", "t3_2", "python", True)
    marks.hide("bob", "t3_3", "python", True)
    marks.hide("ada", "t3_2", "python", False)
    assert marks.hidden("ada") == ["t3_1"]
    assert kept(marks, "ada", "t3_1")["times"] == ["at", "hidden_at"]
    assert marks.hidden("nobody") == []


def test_latest_marks_come_first(marks: Marks) -> None:
    for post in ("t3_2", "t3_1", "t3_3"):
        marks.like("ada", post, "python", True)
    marks.hide("ada", "t3_4", "python", True)
    marks.like("bob", "t3_5", "python", True)
    marks.like("ada", "t3_6", "python", False)
    assert marks.latest("ada", "liked") == ["t3_3", "t3_1", "t3_2"]
    assert marks.latest("ada", "hidden") == ["t3_4"]
    marks.collection.update_many({}, {"$set": {"liked_at": datetime(2026, 1, 1)}})
    assert marks.latest("ada", "liked") == ["t3_1", "t3_2", "t3_3"]


def test_most_used_tags_are_counted_first(marks: Marks) -> None:
    for post, tag in (("t3_1", "b"), ("t3_2", "b"), ("t3_1", "c"), ("t3_2", "c"), ("t3_3", "a")):
        marks.tag("ada", post, "python", tag)
    marks.tag("bob", "t3_1", "python", "other")
    found = marks.tags("ada", Page(1, 2))
    assert (found.items, found.total, found.more) == (
        [{"tag": "b", "count": 2}, {"tag": "c", "count": 2}],
        3,
        False,
    )
    assert marks.tags("ada", Page(2, 2)).items == [{"tag": "a", "count": 1}]
    assert sorted(marks.tagged("ada", "b")) == ["t3_1", "t3_2"]
    assert marks.tagged("ada", "other") == []
    more = ("z", "y", "x", "w", "v", "u", "t")
    for tag in more:
        marks.tag("ada", "t3_4", "python", tag)
    assert [each["tag"] for each in marks.tags("ada", Page(1, 20)).items] == ["b", "c", "a", *reversed(more)]


def test_number_of_counted_tags_is_limited(marks: Marks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.domain.marks.collection.TOTAL_LIMIT", 2)
    for tag in ("a", "b"):
        marks.tag("ada", "t3_1", "python", tag)
    found = marks.tags("ada", Page(1, 9))
    assert (len(found.items), found.total, found.more) == (2, 2, False)
    for tag in ("c", "d"):
        marks.tag("ada", "t3_1", "python", tag)
    found = marks.tags("ada", Page(1, 9))
    assert (len(found.items), found.total, found.more) == (3, 2, True)


def test_counts_and_interests_come_from_the_readers_marks(marks: Marks) -> None:
    marks.tag("ada", "t3_1", "python", "b")
    marks.tag("ada", "t3_2", "stones", "a")
    marks.tag("ada", "t3_2", "stones", "b")
    marks.like("ada", "t3_3", "rivers", True)
    marks.hide("ada", "t3_4", "noise", True)
    marks.like("ada", "t3_7", "rivers", True)
    marks.like("ada", "t3_5", "given up", False)
    marks.like("bob", "t3_6", "another's", True)
    marks.tag("bob", "t3_6", "another's", "z")
    assert marks.counts("ada") == {"tags": 2, "likes": 2, "hidden": 1}
    assert marks.counts("nobody") == {"tags": 0, "likes": 0, "hidden": 0}
    topics, tags = marks.interests("ada")
    assert (topics, tags) == ({"python", "stones", "rivers"}, ["a", "b"])
    found = marks.collection.find(marks.with_tags(["a", "z"])).sort("_id")
    assert [each["_id"] for each in found] == ["ada:t3_2", "bob:t3_6"]


def test_posts_are_shown_with_the_readers_marks(marks: Marks) -> None:
    marks.tag("ada", "t3_1", "python", "b")
    marks.tag("ada", "t3_1", "python", "a")
    marks.like("ada", "t3_1", "python", True)
    marks.hide("ada", "t3_2", "python", True)
    marks.like("bob", "t3_3", "python", True)
    posts: Any = [{"_id": f"t3_{number}", "_etag": "e"} for number in (1, 2, 3)]
    shown: list[Any] = [{**each} for each in marks.put_on(posts, "ada")]
    assert [(each["tags"], each["liked"], each["hidden"]) for each in shown] == [
        (["a", "b"], True, False),
        ([], False, True),
        ([], False, False),
    ]
    assert len({each["_etag"] for each in shown}) == 3


def test_stored_posts_are_shown_with_marks(marks: Marks) -> None:
    marks.like("ada", "t3_1", "python", True)
    created = datetime(2026, 1, 1, tzinfo=UTC)
    (post,) = marks.shown([{"_id": "t3_1", "_etag": "e", "created": created, "love": 7}], "ada")
    assert post.pop("_etag") != "e"
    assert post == {
        "_id": "t3_1",
        "created": "2026-01-01T00:00:00Z",
        "tags": [],
        "liked": True,
        "hidden": False,
    }


def test_malformed_fields_of_other_programs_are_left_out(marks: Marks) -> None:
    place = {"reader": "ada", "topic": "python"}
    marks.collection.insert_many(
        [
            {"_id": "ada:t3_1", **place, "post": "t3_1", "tags": ["a", 7], "liked": "yes", "hidden": True},
            {"_id": "ada:7", **place, "post": 7, "tags": ["a"], "hidden": True},
            {"_id": "ada:8", **place, "topic": 8, "post": "t3_8", "tags": "a"},
        ]
    )
    assert marks.hidden("ada") == ["t3_1"]
    assert sorted(marks.tagged("ada", "a")) == ["t3_1", "t3_8"]
    assert marks.interests("ada") == ({"python"}, ["a"])
    posts: Any = [{"_id": "t3_1", "_etag": "e"}]
    (shown,) = marks.put_on(posts, "ada")
    assert {**shown}["tags"] == ["a"] and {**shown}["liked"] is False


def test_etag_changes_with_each_part_of_a_mark() -> None:
    cases: list[tuple[list[str] | None, bool | None, bool | None]] = [
        *((None, None, None), ([], False, False), (["a"], False, False), (["a", "b"], False, False)),
        *((["ab"], False, False), ([], True, False), ([], False, True), ([], None, True)),
    ]
    etags = set()
    for tags, liked, hidden in cases:
        post: Any = {"_id": "t3_1", "_etag": "e"}
        put_mark(post, tags, liked, hidden)
        given = {"tags": tags, "liked": liked, "hidden": hidden}
        assert {**post, "_etag": ""} == {
            "_id": "t3_1",
            "_etag": "",
            **{name: value for name, value in given.items() if value is not None},
        }
        assert len(bytes.fromhex(post["_etag"])) == 16
        etags.add(post["_etag"])
    assert len(etags) == len(cases)
    assert mark_id("ada", "t3_1") == "ada:t3_1"


@pytest.mark.parametrize(
    ("values", "texts"), [(["a", 1, None, "b"], ["a", "b"]), (("a",), ["a"]), ("a", []), (None, []), ({}, [])]
)
def test_only_texts_of_a_list_are_kept(values: Any, texts: list[str]) -> None:
    assert only_texts(values) == texts
