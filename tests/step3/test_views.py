"""Views show their owners' documents, each from a pond of its own."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest

from tests.step3.single_service import SingleService, World, world
from tests.step3.surroundings import mark, post, posts
from tests.support.client import Client, new_name
from tests.support.image_site import ImageSite
from tests.support.pictures import picture
from tests.support.responses import expect, expect_error, expect_unauthorized

__all__ = ["world"]

KINDS: dict[str, dict[str, Any]] = {
    "tag": {"tags": ["a", "b"]},
    "like": {"liked": True},
    "hide": {"hidden": True},
}
REQUESTS = {
    "list": ("/posts?max_results=50", "/posts/{post}"),
    "search": ("/search?q={word}",),
    "recommend": ("/recommended?topic={word}", "/topics"),
}
UNMARKED = {"tags": [], "liked": False, "hidden": False}


@pytest.fixture(scope="module", params=sorted(REQUESTS))
def view(request: pytest.FixtureRequest, world: World) -> Iterator[SingleService]:
    """Each view that also responds to visitors."""
    with world.alone(request.param) as found:
        yield found


@pytest.fixture
def published(view: SingleService) -> list[str]:
    """The ids of posts that were published to the view, the newest first; their titles share a word."""
    return publish_posts(view)


def publish_posts(alone: SingleService, amount: int = 4, **more: Any) -> list[str]:
    word = f"w{token_hex(4)}"
    published = posts(word, amount, **{"topic": word, **more})
    written = [alone.owners.write("posts", key, each) for key, each in published]
    for event in written:
        alone.owners.await_applied(alone.service, "posts", event.key)
    return [event.key for event in written]


def publish_mark(
    alone: SingleService, domain: str, reader: str, post_id: str, revision: int, **kind: Any
) -> None:
    key, published = mark(reader, post_id, revision, **(kind or KINDS[domain]))
    alone.owners.write(domain, key, published)
    alone.owners.await_applied(alone.service, domain, key, revision)


def word_of(post_id: str) -> str:
    return post_id[3:-3]


def paths(alone: SingleService, post_id: str) -> list[str]:
    return [path.format(post=post_id, word=word_of(post_id)) for path in REQUESTS[alone.service]]


def shown(client: Client, post_id: str, alone: SingleService) -> list[str]:
    """Return the ids of posts with a word in the view's collection, in its order."""
    items = client.items(paths(alone, post_id)[0])
    return [each["_id"] for each in items if word_of(post_id) in each["_id"]]


class TestVisitors:
    def test_views_show_posts_of_their_owner(self, view: SingleService, published: list[str]) -> None:
        assert set(shown(view.visitor, published[0], view)) == set(published)
        word = word_of(published[0])
        view.owners.write("posts", published[0], post(f"{word} anew", 9, topic=word))
        view.owners.await_applied(view.service, "posts", published[0])
        view.owners.write("posts", published[1], None)
        known = publish_posts(view, 1)
        items = {each["_id"]: each for each in view.visitor.items(paths(view, published[0])[0])}
        assert items[published[0]]["title"].endswith("anew")
        assert published[1] not in items
        assert set(shown(view.visitor, known[0], view)) == set(known)

    def test_responses_name_the_domains_that_they_depend_on(
        self, view: SingleService, published: list[str]
    ) -> None:
        for path in paths(view, published[0]):
            response = expect(view.visitor.get(path), 200)
            assert response.headers["Depends-On"] == f"{view.service}.posts"
            assert "Depends-On" not in expect(view.signed_in().get(path), 200).headers

    def test_other_responses_name_no_domain(self, view: SingleService, published: list[str]) -> None:
        paths_without = ("/health/ready", "/metrics", "/openapi.json", "/nothing")
        responses = [view.visitor.get(path) for path in paths_without]
        refused = expect(view.visitor.get(paths(view, published[0])[0], params={"page": "0"}), 400)
        assert all("Depends-On" not in response.headers for response in [*responses, refused])
        if view.service == "list":
            etag = expect(view.visitor.get(f"/posts/{published[0]}"), 200).headers["ETag"]
            same = view.visitor.get(f"/posts/{published[0]}", headers={"If-None-Match": etag})
            assert "Depends-On" not in expect(same, 304).headers
            assert "Depends-On" not in view.visitor.get("/posts/t3_nothing").headers

    def test_internal_fields_of_ponds_are_not_shown(self, view: SingleService, published: list[str]) -> None:
        for item in view.visitor.items(paths(view, published[0])[0]):
            assert not {"applied", "love", "revision", "traceparent"} & set(item)


class TestReaders:
    def test_readers_do_not_see_hidden_posts(self, view: SingleService, published: list[str]) -> None:
        reader, other = view.signed_in(new_name()), view.signed_in(new_name())
        publish_mark(view, "hide", reader.username, published[1], 1)
        assert set(shown(reader, published[0], view)) == {published[0], *published[2:]}
        assert set(shown(other, published[0], view)) == set(published)
        assert set(shown(view.visitor, published[0], view)) == set(published)
        publish_mark(view, "hide", reader.username, published[1], 2, hidden=False)
        assert set(shown(reader, published[0], view)) == set(published)

    @pytest.mark.parametrize("view", ["recommend"], indirect=True)
    def test_recommendations_follow_tags_and_likes(self, view: SingleService) -> None:
        ours, topic = new_name(), f"topic{token_hex(3)}"
        (loved,) = publish_posts(view, 1, love=9_000, ups=9_000, topic="everybody")
        mine, liked = publish_posts(view, 2, topic=topic)
        reader = view.signed_in(ours)
        assert mine not in [each["_id"] for each in reader.items("/recommended")][:1]
        publish_mark(view, "like", ours, liked, 1, liked=True, topic=topic)
        items = [each["_id"] for each in reader.items("/recommended")]
        assert set(items[:2]) == {mine, liked}
        assert loved in items
        publish_mark(view, "hide", ours, mine, 1)
        assert mine not in [each["_id"] for each in reader.items("/recommended")]
        assert "everybody" in view.visitor.json("/topics")["topics"]


class TestSearch:
    @pytest.mark.parametrize("view", ["search"], indirect=True)
    def test_versions_share_a_pond_and_differ_in_order(self, world: World, view: SingleService) -> None:
        newer, better = publish_posts(view, 2)
        word = word_of(newer)
        view.owners.write("posts", better, post(f"{word} {word}", 9, text=f"{word} {word} {word}"))
        view.owners.await_applied("search", "posts", better)
        assert shown(view.visitor, newer, view) == [better, newer]
        with world.running("search", view.database, {"VERSION": "v1"}) as v1:
            assert world.owners.await_state(v1.instance, "up").version == "v1"
            assert shown(v1.visitor, newer, v1) == [newer, better]


@pytest.fixture(scope="module")
def tagged(world: World) -> Iterator[SingleService]:
    with world.alone("tagged") as found:
        yield found


class TestTagged:
    def test_marks_of_three_aggregates_are_in_one_document(self, tagged: SingleService) -> None:
        reader, (first, second) = tagged.signed_in(new_name()), publish_posts(tagged, 2)
        for domain in KINDS:
            publish_mark(tagged, domain, reader.username, first, 1)
        publish_mark(tagged, "like", reader.username, second, 1)
        marks = {each["post"]: each for each in reader.items("/marks")}
        assert {name: marks[first][name] for name in UNMARKED} == {
            "tags": ["a", "b"],
            "liked": True,
            "hidden": True,
        }
        assert marks[second]["liked"] is True
        assert not {"tags", "hidden", "applied", "revision"} & set(marks[second])
        assert reader.json("/counts") == {"counts": {"tags": 2, "likes": 2, "hidden": 1}}

    def test_marks_are_found_by_posts_and_are_the_readers_own(self, tagged: SingleService) -> None:
        reader, other = tagged.signed_in(new_name()), tagged.signed_in(new_name())
        ids = publish_posts(tagged, 3)
        for post_id in ids:
            publish_mark(tagged, "like", reader.username, post_id, 1)
        where = f'{{"post": {{"$in": ["{ids[0]}", "{ids[2]}"]}}}}'
        assert {each["post"] for each in reader.items("/marks", where=where)} == {ids[0], ids[2]}
        assert other.items("/marks", where=where) == []
        expect_unauthorized(tagged.visitor.get("/marks"))

    def test_posts_of_a_tag_are_shown_with_marks(self, tagged: SingleService) -> None:
        reader, ids = tagged.signed_in(new_name()), publish_posts(tagged, 3)
        for post_id in ids[:2]:
            publish_mark(tagged, "tag", reader.username, post_id, 1)
        publish_mark(tagged, "like", reader.username, ids[1], 1)
        assert reader.items("/tags") == [{"tag": "a", "count": 2}, {"tag": "b", "count": 2}]
        items = reader.items("/tags/a")
        assert [each["_id"] for each in items] == ids[:2]
        assert items[0]["tags"] == ["a", "b"]
        assert [each["liked"] for each in items] == [False, True]
        assert items[0]["text"]
        publish_mark(tagged, "tag", reader.username, ids[0], 2, tags=["b"])
        assert [each["_id"] for each in reader.items("/tags/a")] == ids[1:2]

    def test_liked_and_hidden_posts_are_listed_latest_first(self, tagged: SingleService) -> None:
        reader, ids = tagged.signed_in(new_name()), publish_posts(tagged, 4)
        for second, post_id in enumerate((ids[1], ids[0], ids[2], ids[3])):
            since = f"2026-03-01T09:31:0{second}Z"
            publish_mark(tagged, "like", reader.username, post_id, 1, liked=True, liked_at=since)
            publish_mark(tagged, "hide", reader.username, post_id, 1, hidden=True, hidden_at=since)
        publish_mark(tagged, "like", reader.username, ids[0], 2, liked=False, liked_at="2026-03-01T09:32:00Z")
        tagged.owners.write("posts", ids[3], None)
        publish_posts(tagged, 1)
        assert [each["_id"] for each in reader.items("/likes")] == [ids[2], ids[1]]
        hidden = reader.json("/hidden", max_results=2)
        assert [each["_id"] for each in hidden["_items"]] == [ids[2], ids[0]]
        assert hidden["_meta"]["total"] == 3
        assert not {"liked_at", "hidden_at"} & set(hidden["_items"][0])

    def test_likes_of_all_readers_are_counted(self, tagged: SingleService) -> None:
        first, second = publish_posts(tagged, 2)
        readers = [tagged.signed_in(new_name()) for _ in range(2)]
        for reader in readers:
            publish_mark(tagged, "like", reader.username, first, 1)
        published = readers[0].json("/like-counts", posts=f"{first},{second}")
        assert published == {"likes": {first: 2}}
        for wrong in ("", "nonsense", f"{first},", ",".join([first] * 51)):
            expect_error(readers[0].get("/like-counts", params={"posts": wrong}), 400)

    def test_mark_removed_by_one_owner_keeps_the_parts_of_others(self, tagged: SingleService) -> None:
        reader, (post_id,) = tagged.signed_in(new_name()), publish_posts(tagged, 1)
        for domain in KINDS:
            publish_mark(tagged, domain, reader.username, post_id, 1)
        key = f"{reader.username}:{post_id}"
        tagged.owners.write("like", key, None)
        publish_mark(tagged, "hide", reader.username, post_id, 2, hidden=False)
        tagged.owners.await_applied("tagged", "like", key)
        (published,) = reader.items("/marks")
        assert "liked" not in published
        assert published["tags"] == ["a", "b"]

    def test_view_refuses_commands(self, tagged: SingleService) -> None:
        (post_id,) = publish_posts(tagged, 1)
        expect_error(tagged.signed_in().put(f"/posts/{post_id}/tags/a"), 404)


class TestImages:
    def test_pictures_are_fetched_from_the_posts_addresses(self, world: World) -> None:
        with ImageSite() as site, world.alone("images", {"IMAGE_ALLOWED_HOSTS": site.host}) as alone:
            (post_id,) = publish_posts(alone, 1, url=f"{site.url}/a.png")
            for _ in range(2):
                response = expect(alone.visitor.get(f"/images/{post_id}"), 200)
                assert response.content == picture("png")
                assert response.headers["Depends-On"] == "images.posts"
            assert site.hits("/a.png") == 1
            assert "Depends-On" not in expect(alone.visitor.get("/pictures"), 200).headers
            assert "Depends-On" not in alone.visitor.get("/images/t3_nothing").headers
