"""Views: what they show follows the events of those who own it, each from a pond of its own."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest

from tests.step3.alone import Alone, World, world
from tests.step3.beside import mark, post, posts
from tests.support.answers import expect, expect_error, expect_unauthorized
from tests.support.client import Client, new_name
from tests.support.image_site import ImageSite
from tests.support.pictures import picture

__all__ = ["world"]

KINDS: dict[str, dict[str, Any]] = {
    "tag": {"tags": ["a", "b"]},
    "like": {"liked": True},
    "hide": {"hidden": True},
}
ASKED = {
    "list": ("/posts?max_results=50", "/posts/{post}"),
    "search": ("/search?q={word}",),
    "recommend": ("/recommended?topic={word}", "/topics"),
}
UNMARKED = {"tags": [], "liked": False, "hidden": False}


@pytest.fixture(scope="module", params=sorted(ASKED))
def view(request: pytest.FixtureRequest, world: World) -> Iterator[Alone]:
    """Each view that is for visitors, too."""
    with world.alone(request.param) as found:
        yield found


@pytest.fixture
def told(view: Alone) -> list[str]:
    """The ids of posts that the view has been told of, the newest first; their titles share a word."""
    return tell_posts(view)


def tell_posts(alone: Alone, amount: int = 4, **more: Any) -> list[str]:
    word = f"w{token_hex(4)}"
    told = posts(word, amount, **{"topic": word, **more})
    written = [alone.owners.write("posts", key, each) for key, each in told]
    for event in written:
        alone.owners.await_settled(alone.service, "posts", event.key)
    return [event.key for event in written]


def tell_mark(alone: Alone, domain: str, reader: str, post_id: str, revision: int, **kind: Any) -> None:
    key, told = mark(reader, post_id, revision, **(kind or KINDS[domain]))
    alone.owners.write(domain, key, told)
    alone.owners.await_settled(alone.service, domain, key, revision)


def word_of(post_id: str) -> str:
    return post_id[3:-3]


def paths(alone: Alone, post_id: str) -> list[str]:
    return [path.format(post=post_id, word=word_of(post_id)) for path in ASKED[alone.service]]


def shown(client: Client, post_id: str, alone: Alone) -> list[str]:
    """The posts of the word that the view's collection has, in its order."""
    items = client.items(paths(alone, post_id)[0])
    return [each["_id"] for each in items if word_of(post_id) in each["_id"]]


class TestVisitors:
    def test_see_posts_as_their_owner_tells(self, view: Alone, told: list[str]) -> None:
        assert set(shown(view.visitor, told[0], view)) == set(told)
        word = word_of(told[0])
        view.owners.write("posts", told[0], post(f"{word} anew", 9, topic=word))
        view.owners.await_settled(view.service, "posts", told[0])
        view.owners.write("posts", told[1], None)
        known = tell_posts(view, 1)
        items = {each["_id"]: each for each in view.visitor.items(paths(view, told[0])[0])}
        assert items[told[0]]["title"].endswith("anew")
        assert told[1] not in items
        assert set(shown(view.visitor, known[0], view)) == set(known)

    def test_answers_say_what_they_depend_on(self, view: Alone, told: list[str]) -> None:
        for path in paths(view, told[0]):
            answer = expect(view.visitor.get(path), 200)
            assert answer.headers["Depends-On"] == f"{view.service}.posts"
            assert "Depends-On" not in expect(view.signed_in().get(path), 200).headers

    def test_no_other_answers_do(self, view: Alone, told: list[str]) -> None:
        paths_without = ("/", "/health/ready", "/metrics", "/openapi.json", "/nothing")
        answers = [view.visitor.get(path) for path in paths_without]
        refused = expect(view.visitor.get(paths(view, told[0])[0], params={"page": "0"}), 400)
        assert all("Depends-On" not in answer.headers for answer in [*answers, refused])
        if view.service == "list":
            etag = expect(view.visitor.get(f"/posts/{told[0]}"), 200).headers["ETag"]
            same = view.visitor.get(f"/posts/{told[0]}", headers={"If-None-Match": etag})
            assert "Depends-On" not in expect(same, 304).headers
            assert "Depends-On" not in view.visitor.get("/posts/t3_nothing").headers

    def test_see_nothing_of_how_ponds_are_kept(self, view: Alone, told: list[str]) -> None:
        for item in view.visitor.items(paths(view, told[0])[0]):
            assert not {"applied", "love", "revision", "traceparent"} & set(item)


class TestReaders:
    def test_are_not_shown_what_they_hid(self, view: Alone, told: list[str]) -> None:
        reader, other = view.signed_in(new_name()), view.signed_in(new_name())
        tell_mark(view, "hide", reader.username, told[1], 1)
        assert set(shown(reader, told[0], view)) == {told[0], *told[2:]}
        assert set(shown(other, told[0], view)) == set(told)
        assert set(shown(view.visitor, told[0], view)) == set(told)
        tell_mark(view, "hide", reader.username, told[1], 2, hidden=False)
        assert set(shown(reader, told[0], view)) == set(told)

    @pytest.mark.parametrize("view", ["recommend"], indirect=True)
    def test_are_recommended_what_they_tagged_and_liked(self, view: Alone) -> None:
        ours, topic = new_name(), f"topic{token_hex(3)}"
        (loved,) = tell_posts(view, 1, love=9_000, ups=9_000, topic="everybody")
        mine, liked = tell_posts(view, 2, topic=topic)
        reader = view.signed_in(ours)
        assert mine not in [each["_id"] for each in reader.items("/recommended")][:1]
        tell_mark(view, "like", ours, liked, 1, liked=True, topic=topic)
        items = [each["_id"] for each in reader.items("/recommended")]
        assert set(items[:2]) == {mine, liked}
        assert loved in items
        tell_mark(view, "hide", ours, mine, 1)
        assert mine not in [each["_id"] for each in reader.items("/recommended")]
        assert "everybody" in view.visitor.json("/topics")["topics"]


class TestSearch:
    @pytest.mark.parametrize("view", ["search"], indirect=True)
    def test_versions_share_a_pond_and_differ_in_order(self, world: World, view: Alone) -> None:
        newer, better = tell_posts(view, 2)
        word = word_of(newer)
        view.owners.write("posts", better, post(f"{word} {word}", 9, text=f"{word} {word} {word}"))
        view.owners.await_settled("search", "posts", better)
        assert shown(view.visitor, newer, view) == [better, newer]
        with world.running("search", view.database, {"VERSION": "v1"}) as v1:
            assert world.owners.await_state(v1.instance, "up").version == "v1"
            assert shown(v1.visitor, newer, v1) == [newer, better]


@pytest.fixture(scope="module")
def tagged(world: World) -> Iterator[Alone]:
    with world.alone("tagged") as found:
        yield found


class TestTagged:
    def test_marks_of_three_aggregates_come_together(self, tagged: Alone) -> None:
        reader, (first, second) = tagged.signed_in(new_name()), tell_posts(tagged, 2)
        for domain in KINDS:
            tell_mark(tagged, domain, reader.username, first, 1)
        tell_mark(tagged, "like", reader.username, second, 1)
        marks = {each["post"]: each for each in reader.items("/marks")}
        assert {name: marks[first][name] for name in UNMARKED} == {
            "tags": ["a", "b"],
            "liked": True,
            "hidden": True,
        }
        assert marks[second]["liked"] is True
        assert not {"tags", "hidden", "applied", "revision"} & set(marks[second])
        assert reader.json("/counts") == {"counts": {"tags": 2, "likes": 2, "hidden": 1}}

    def test_marks_are_found_by_posts_and_are_the_reader_s_own(self, tagged: Alone) -> None:
        reader, other = tagged.signed_in(new_name()), tagged.signed_in(new_name())
        ids = tell_posts(tagged, 3)
        for post_id in ids:
            tell_mark(tagged, "like", reader.username, post_id, 1)
        where = f'{{"post": {{"$in": ["{ids[0]}", "{ids[2]}"]}}}}'
        assert {each["post"] for each in reader.items("/marks", where=where)} == {ids[0], ids[2]}
        assert other.items("/marks", where=where) == []
        expect_unauthorized(tagged.visitor.get("/marks"))

    def test_tags_lead_to_whole_posts_with_marks(self, tagged: Alone) -> None:
        reader, ids = tagged.signed_in(new_name()), tell_posts(tagged, 3)
        for post_id in ids[:2]:
            tell_mark(tagged, "tag", reader.username, post_id, 1)
        tell_mark(tagged, "like", reader.username, ids[1], 1)
        assert reader.items("/tags") == [{"tag": "a", "count": 2}, {"tag": "b", "count": 2}]
        items = reader.items("/tags/a")
        assert [each["_id"] for each in items] == ids[:2]
        assert items[0]["tags"] == ["a", "b"]
        assert [each["liked"] for each in items] == [False, True]
        assert items[0]["text"]
        tell_mark(tagged, "tag", reader.username, ids[0], 2, tags=["b"])
        assert [each["_id"] for each in reader.items("/tags/a")] == ids[1:2]

    def test_what_was_liked_and_hidden_comes_the_latest_first(self, tagged: Alone) -> None:
        reader, ids = tagged.signed_in(new_name()), tell_posts(tagged, 4)
        for second, post_id in enumerate((ids[1], ids[0], ids[2], ids[3])):
            since = f"2026-03-01T09:31:0{second}Z"
            tell_mark(tagged, "like", reader.username, post_id, 1, liked=True, liked_at=since)
            tell_mark(tagged, "hide", reader.username, post_id, 1, hidden=True, hidden_at=since)
        tell_mark(tagged, "like", reader.username, ids[0], 2, liked=False, liked_at="2026-03-01T09:32:00Z")
        tagged.owners.write("posts", ids[3], None)
        tell_posts(tagged, 1)
        assert [each["_id"] for each in reader.items("/likes")] == [ids[2], ids[1]]
        hidden = reader.json("/hidden", max_results=2)
        assert [each["_id"] for each in hidden["_items"]] == [ids[2], ids[0]]
        assert hidden["_meta"]["total"] == 3
        assert not {"liked_at", "hidden_at"} & set(hidden["_items"][0])

    def test_likes_of_all_readers_are_counted(self, tagged: Alone) -> None:
        first, second = tell_posts(tagged, 2)
        readers = [tagged.signed_in(new_name()) for _ in range(2)]
        for reader in readers:
            tell_mark(tagged, "like", reader.username, first, 1)
        told = readers[0].json("/like-counts", posts=f"{first},{second}")
        assert told == {"likes": {first: 2}}
        for wrong in ("", "nonsense", f"{first},", ",".join([first] * 51)):
            expect_error(readers[0].get("/like-counts", params={"posts": wrong}), 400)

    def test_a_mark_whose_owner_forgets_it_keeps_others_parts(self, tagged: Alone) -> None:
        reader, (post_id,) = tagged.signed_in(new_name()), tell_posts(tagged, 1)
        for domain in KINDS:
            tell_mark(tagged, domain, reader.username, post_id, 1)
        key = f"{reader.username}:{post_id}"
        tagged.owners.write("like", key, None)
        tell_mark(tagged, "hide", reader.username, post_id, 2, hidden=False)
        tagged.owners.await_settled("tagged", "like", key)
        (told,) = reader.items("/marks")
        assert "liked" not in told
        assert told["tags"] == ["a", "b"]

    def test_commands_are_not_taken_here(self, tagged: Alone) -> None:
        (post_id,) = tell_posts(tagged, 1)
        expect_error(tagged.signed_in().put(f"/posts/{post_id}/tags/a"), 404)


class TestImages:
    def test_pictures_are_fetched_from_where_posts_say(self, world: World) -> None:
        with ImageSite() as site, world.alone("images", {"IMAGE_ALLOWED_HOSTS": site.host}) as alone:
            (post_id,) = tell_posts(alone, 1, url=f"{site.url}/a.png")
            for _ in range(2):
                answer = expect(alone.visitor.get(f"/images/{post_id}"), 200)
                assert answer.content == picture("png")
                assert answer.headers["Depends-On"] == "images.posts"
            assert site.hits("/a.png") == 1
            assert "Depends-On" not in expect(alone.visitor.get("/pictures"), 200).headers
            assert "Depends-On" not in alone.visitor.get("/images/t3_nothing").headers
