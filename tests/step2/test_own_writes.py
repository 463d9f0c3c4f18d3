"""Readers see their own writes at once, although sync is suspended."""

import secrets
from collections.abc import Iterator

import pytest

from tests.step2.running_parts import Parts, frozen
from tests.support.client import Reader
from tests.support.responses import expect

LATEST = 50
"""Marks of one kind that are seen at once."""

FIRST = 25
EARLIER = 3
"""The place among the most loved posts of one that was liked and tagged earlier."""


@pytest.fixture(scope="module")
def earlier_member(parts: Parts) -> Reader:
    """A member whose marks of all kinds have arrived."""
    member = parts.new_member()
    for number, path in enumerate(("tags/past", "like", "hide")):
        expect(member.put(f"/posts/{parts.posts[number].post_id}/{path}"), 200)
    for path in ("tags/loved", "like"):
        expect(member.put(f"/posts/{most_loved(parts)[EARLIER]}/{path}"), 200)
    parts.await_arrival()
    return member


@pytest.fixture(scope="module")
def suspended(parts: Parts, earlier_member: Reader) -> Iterator[Parts]:
    """The step while sync is suspended."""
    with frozen(parts.processes("sync")):
        yield parts
    parts.await_arrival()
    parts.check_copies()


@pytest.fixture
def reader(suspended: Parts) -> Reader:
    """A member who signed up after sync was suspended."""
    return suspended.new_member()


def listed(reader: Reader) -> list[str]:
    return [each["_id"] for each in reader.items("/", max_results=FIRST)]


def found(reader: Reader, parts: Parts) -> list[str]:
    return [each["_id"] for each in reader.all_items("/search", q=parts.word)]


def recommended(reader: Reader, **query: str) -> list[str]:
    return [each["_id"] for each in reader.items("/recommended", **query)]


def ids(parts: Parts) -> list[str]:
    return [post.post_id for post in parts.posts]


def most_loved(parts: Parts) -> list[str]:
    """Return the ids of the most loved posts of the topic."""
    return [post.post_id for post in sorted(parts.posts, key=lambda each: each.by_love)]


def test_copies_do_not_change_while_sync_is_suspended(suspended: Parts, reader: Reader) -> None:
    """Otherwise the other tests would prove nothing."""
    expect(reader.put(f"/posts/{ids(suspended)[0]}/like"), 200)
    assert suspended.collection("like", "marks").find_one({"reader": reader.username})
    assert not suspended.collection("recommend", "marks").find_one({"reader": reader.username})


def test_reader_sees_own_tags_at_once(suspended: Parts, reader: Reader, tag: str) -> None:
    first, second = ids(suspended)[3], ids(suspended)[7]
    for post in (first, second):
        expect(reader.put(f"/posts/{post}/tags/{tag}"), 200)
    assert [each["_id"] for each in reader.items(f"/tags/{tag}")] == [first, second]
    assert reader.items("/tags") == [{"tag": tag, "count": 2}]
    assert reader.json("/me")["counts"]["tags"] == 1
    assert reader.json(f"/posts/{first}")["tags"] == [tag]
    tagged = {each["_id"]: each["tags"] for each in reader.all_items("/search", q=suspended.word)}
    assert {post for post, tags in tagged.items() if tags == [tag]} == {first, second}
    on_page = {each["_id"]: each["tags"] for each in reader.items("/", max_results=FIRST)}
    assert on_page[first] == [tag]
    expect(reader.delete(f"/posts/{first}/tags/{tag}"), 200)
    assert [each["_id"] for each in reader.items(f"/tags/{tag}")] == [second]
    assert reader.json(f"/posts/{first}")["tags"] == []


def test_reader_sees_own_likes_at_once(suspended: Parts, reader: Reader) -> None:
    post = ids(suspended)[4]
    assert expect(reader.put(f"/posts/{post}/like"), 200).json()["likes"] == 1
    assert reader.json(f"/posts/{post}")["liked"] is True
    assert {each["_id"]: each["liked"] for each in reader.items("/")}[post] is True
    assert {each["_id"]: each["liked"] for each in reader.all_items("/search", q=suspended.word)}[
        post
    ] is True
    assert reader.json("/me")["counts"]["likes"] == 1
    expect(reader.delete(f"/posts/{post}/like"), 200)
    assert reader.json(f"/posts/{post}")["liked"] is False
    assert reader.json("/me")["counts"]["likes"] == 0


@pytest.mark.parametrize("mark", ["like", "tags/interest"])
def test_reader_sees_own_interests_at_once(suspended: Parts, reader: Reader, mark: str) -> None:
    """A topic of less loved posts comes first as soon as one of them is liked or tagged."""
    everybody = recommended(reader)
    expect(reader.put(f"/posts/{suspended.lonely[0].post_id}/{mark}"), 200)
    assert recommended(reader)[: len(suspended.lonely)] == [post.post_id for post in suspended.lonely]
    expect(reader.delete(f"/posts/{suspended.lonely[0].post_id}/{mark}"), 200)
    assert recommended(reader) == everybody


def test_recommended_posts_show_own_marks_at_once(suspended: Parts, reader: Reader, tag: str) -> None:
    liked, tagged, untouched = most_loved(suspended)[:3]
    changes = ((liked, "like"), (tagged, f"tags/{tag}"))

    def shown() -> list[tuple[list[str], bool, bool]]:
        posts = {each["_id"]: each for each in reader.items("/recommended", topic=suspended.topic)}
        marks = [posts[post] for post in (liked, tagged, untouched)]
        return [(each["tags"], each["liked"], each["hidden"]) for each in marks]

    for post, path in changes:
        expect(reader.put(f"/posts/{post}/{path}"), 200)
    assert shown() == [([], True, False), ([tag], False, False), ([], False, False)]
    for post, path in changes:
        expect(reader.delete(f"/posts/{post}/{path}"), 200)
    assert shown() == [([], False, False)] * 3


def test_recommended_posts_show_at_once_that_earlier_marks_are_gone(
    earlier_member: Reader, suspended: Parts
) -> None:
    post = most_loved(suspended)[EARLIER]

    def shown() -> tuple[list[str], bool]:
        posts = {each["_id"]: each for each in earlier_member.items("/recommended", topic=suspended.topic)}
        return posts[post]["tags"], posts[post]["liked"]

    assert shown() == (["loved"], True)
    for path in ("tags/loved", "like"):
        expect(earlier_member.delete(f"/posts/{post}/{path}"), 200)
    assert shown() == ([], False)


def test_reader_sees_own_hides_at_once(suspended: Parts, reader: Reader) -> None:
    post = most_loved(suspended)[0]
    listed_one = ids(suspended)[0]
    assert post in recommended(reader, topic=suspended.topic)
    assert listed_one in listed(reader)
    for each in (post, listed_one):
        expect(reader.put(f"/posts/{each}/hide"), 200)
    assert post not in recommended(reader, topic=suspended.topic)
    assert listed_one not in listed(reader)
    assert not {post, listed_one} & set(found(reader, suspended))
    assert reader.json(f"/posts/{post}")["hidden"] is True
    assert reader.json("/me")["counts"]["hidden"] == 2
    for each in (post, listed_one):
        expect(reader.delete(f"/posts/{each}/hide"), 200)
    assert post in recommended(reader, topic=suspended.topic)
    assert listed_one in listed(reader)
    assert {post, listed_one} <= set(found(reader, suspended))


def test_earlier_marks_can_be_removed(earlier_member: Reader, suspended: Parts) -> None:
    tagged, liked, hidden = ids(suspended)[:3]
    assert hidden not in listed(earlier_member)
    for post, path in ((tagged, "tags/past"), (liked, "like"), (hidden, "hide")):
        expect(earlier_member.delete(f"/posts/{post}/{path}"), 200)
    assert hidden in listed(earlier_member)
    assert hidden in found(earlier_member, suspended)
    assert earlier_member.items("/tags/past") == []
    assert earlier_member.json(f"/posts/{liked}")["liked"] is False
    assert earlier_member.json("/me")["counts"] == {"tags": 0, "likes": 0, "hidden": 0, "shares": 0}
    assert recommended(earlier_member) == recommended(suspended.new_member())
    expect(earlier_member.put(f"/posts/{hidden}/hide"), 200)
    assert hidden not in listed(earlier_member)


def test_others_do_not_see_the_marks(suspended: Parts, reader: Reader) -> None:
    other, post = suspended.new_member(), ids(suspended)[5]
    for path in ("tags/mine", "like", "hide"):
        expect(reader.put(f"/posts/{post}/{path}"), 200)
    content = other.json(f"/posts/{post}")
    assert (content["tags"], content["liked"], content["hidden"]) == ([], False, False)
    assert post in listed(other)
    assert post in found(other, suspended)


def test_fifty_marks_of_each_kind_are_seen_at_once(suspended: Parts, reader: Reader) -> None:
    """Marks of each kind at once, on different posts, as their header has little room."""
    known = most_loved(suspended)
    liked, tagged, hidden = known[100:150], known[50:100], known[:50]
    name = f"t-{secrets.token_hex(4)}"
    hide, like, tag = (suspended.reader_at(service, reader) for service in ("hide", "like", "tag"))
    for post in hidden:
        expect(hide.put(f"/posts/{post}/hide"), 200)
    for post in liked:
        expect(like.put(f"/posts/{post}/like"), 200)
    for post in tagged:
        expect(tag.put(f"/posts/{post}/tags/{name}"), 200)
    assert not set(hidden) & {
        each["_id"] for each in reader.all_items("/") if each["topic"] == suspended.topic
    }
    assert not set(hidden) & set(found(reader, suspended))
    assert recommended(reader) == known[50:62]
    assert len(reader.all_items(f"/tags/{name}")) == LATEST
    assert reader.json("/me")["counts"] == {"tags": 1, "likes": LATEST, "hidden": LATEST, "shares": 0}
