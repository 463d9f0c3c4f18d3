"""Copies become equal to their originals, and sync reports what they lack."""

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from step2_services.sync.relations import RELATIONS
from tests.step2.running_parts import ARRIVED_SECONDS, Parts, frozen
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error
from tests.support.submission import new_word
from tests.support.writer import Writer
from workshop.load.generate import posts as generated

WRITES = 120
"""Writes that are acknowledged while two instances of sync work."""

LATEST = 50
"""Marks of one kind that the face sends along."""

MANY = 1500
"""Changes of one transaction: more than fit into one batch."""

OLD = datetime(2001, 1, 1, tzinfo=UTC)
TAKERS = sorted({relation.taker for relation in RELATIONS})


def new_posts(count: int, word: str) -> list[dict[str, Any]]:
    """Return new documents of posts, all with one date, older than all others."""
    now = datetime.now(UTC).replace(microsecond=0)
    mark = secrets.token_hex(5)
    own = {"title": f"about {word}", "created": OLD, "_created": now, "_updated": now}
    return [{**post, **own, "_id": f"t3_{mark}{number:05}"} for number, post in enumerate(generated(count))]


def test_each_kind_of_mark_arrives(parts: Parts, member: Reader, tag: str) -> None:
    post = parts.posts[0].post_id
    for path in (f"tags/{tag}", "like", "hide"):
        expect(member.put(f"/posts/{post}/{path}"), 200)
    parts.await_copies()
    mark = parts.collection("recommend", "marks").find_one({"reader": member.username})
    assert mark is not None
    assert (mark["post"], mark["topic"]) == (post, parts.topic)
    assert (mark["tags"], mark["liked"], mark["hidden"]) == ([tag], True, True)
    for path in (f"tags/{tag}", "like", "hide"):
        expect(member.delete(f"/posts/{post}/{path}"), 200)
    parts.await_copies()
    mark = parts.collection("recommend", "marks").find_one({"reader": member.username})
    assert mark is not None
    assert (mark["tags"], mark["liked"], mark["hidden"]) == ([], False, False)


def test_recommended_posts_show_marks_older_than_the_latest(parts: Parts, member: Reader, tag: str) -> None:
    """The face sends only the latest marks along; `recommend` has copies of all."""
    first, *others = [each.post_id for each in sorted(parts.posts, key=lambda each: each.by_love)]
    clients = {service: parts.reader_at(service, member) for service in ("tag", "like")}
    for post in (first, *others[20 : 20 + LATEST]):
        expect(clients["tag"].put(f"/posts/{post}/tags/{tag}"), 200)
        expect(clients["like"].put(f"/posts/{post}/like"), 200)
    parts.await_copies("recommend")
    assert first not in {each["post"] for each in clients["like"].json("/own-marks/liked")["marks"]}
    shown = {each["_id"]: each for each in member.items("/recommended", topic=parts.topic)}
    assert (shown[first]["tags"], shown[first]["liked"], shown[first]["hidden"]) == ([tag], True, False)
    assert (shown[others[0]]["tags"], shown[others[0]]["liked"]) == ([], False)
    expect(clients["like"].delete(f"/posts/{first}/like"), 200)


def test_revoked_token_is_refused_by_every_service(parts: Parts, member: Reader) -> None:
    post = parts.posts[0].post_id
    paths = {"tag": "/tags", "like": "/counts", "hide": "/counts", "share": "/counts", "members": "/me"}
    paths |= {"posts": f"/posts/{post}", "search": f"/search?q={parts.word}", "recommend": "/recommended"}
    for service, path in paths.items():
        expect(parts.reader_at(service, member).get(path), 200)
    expect(parts.reader_at("members", member).delete("/tokens/current"), 204)
    parts.await_arrival()
    for service, path in paths.items():
        expect_error(parts.reader_at(service, member).get(path), 401)


def test_removed_document_is_removed_from_all_copies(parts: Parts, member: Reader) -> None:
    word = new_word()
    documents = new_posts(3, word)
    posts = parts.collection("posts", "posts")
    posts.insert_many(documents)
    parts.await_copies()
    gone, kept = documents[0]["_id"], documents[1]["_id"]
    lists = {"/likes": "like", "/hidden": "hide"}
    for post in (kept, gone):
        for verb in lists.values():
            expect(member.put(f"/posts/{post}/{verb}"), 200)
    posts.delete_one({"_id": gone})
    for path in lists:
        assert [each["_id"] for each in member.items(path)] == [kept]
    parts.await_copies()
    assert [member.json(path)["_meta"]["total"] for path in lists] == [1, 1]
    found = {each["_id"] for each in Client(parts.url("search")).items("/search", q=word)}
    assert found == {each["_id"] for each in documents[1:]}
    for service, verb in (("tag", "tags/x"), ("like", "like"), ("hide", "hide")):
        client_of = parts.reader_at(service, member)
        expect_error(client_of.put(f"/posts/{gone}/{verb}"), 404)
        expect(client_of.put(f"/posts/{kept}/{verb}"), 200)


def test_changes_of_one_transaction_all_arrive(parts: Parts) -> None:
    word, later = new_word(), new_word()
    documents = new_posts(MANY, word)
    posts = parts.collection("posts", "posts")
    with parts.admin.start_session() as session, session.start_transaction():
        posts.insert_many(documents, session=session)
    assert len(posts.distinct("_updated", {"title": f"about {word}"})) == 1
    parts.await_copies()
    search = Client(parts.url("search"))
    assert search.json("/search", q=word)["_meta"]["total"] == MANY
    with parts.admin.start_session() as session, session.start_transaction():
        half = {"title": f"about {word}", "_id": {"$gt": documents[MANY // 2]["_id"]}}
        posts.update_many(half, {"$set": {"title": f"about {later}"}}, session=session)
    parts.await_copies()
    counted = [search.json("/search", q=each)["_meta"]["total"] for each in (word, later)]
    assert counted == [MANY // 2 + 1, MANY - MANY // 2 - 1]
    posts.delete_many({"_id": {"$in": [each["_id"] for each in documents]}})
    parts.await_copies()
    assert search.json("/search", q=later)["_meta"]["total"] == 0


def test_collection_that_was_dropped_and_filled_again_is_copied(parts: Parts) -> None:
    """This happens when a backup is restored."""
    posts = parts.collection("posts", "posts")
    before, indexes = list(posts.find()), [dict(each) for each in posts.list_indexes()]
    posts.insert_many(new_posts(3, new_word()))
    parts.await_copies()
    posts.drop()
    posts.insert_many(before)
    for index in indexes:
        options = {name: index[name] for name in ("name", "partialFilterExpression") if name in index}
        posts.create_index(list(index["key"].items()), **options)
    parts.await_copies()


class TestRebuilding:
    def damage(self, parts: Parts, taker: str) -> None:
        posts, marks = (parts.collection(taker, name) for name in ("posts", "marks"))
        ids = [post.post_id for post in parts.posts]
        posts.update_many({"_id": {"$in": ids[:5]}}, {"$set": {"title": "damaged", "score": -1}})
        posts.delete_many({"_id": {"$in": ids[5:10]}})
        stray = f"t3_{secrets.token_hex(5)}"
        posts.insert_one({"_id": stray, "title": "stray", "topic": "x"})
        marks.update_many({}, {"$set": {"hidden": True}})
        marks.insert_one({"_id": f"nobody:{stray}", "reader": "nobody", "hidden": True, "liked": True})

    @pytest.mark.parametrize("taker", ["recommend", "search"])
    def test_damaged_copies_are_made_again(self, parts: Parts, member: Reader, tag: str, taker: str) -> None:
        for path in (f"tags/{tag}", "like", "hide"):
            expect(member.put(f"/posts/{parts.posts[1].post_id}/{path}"), 200)
        parts.await_copies()
        self.damage(parts, taker)
        parts.await_arrival()
        with pytest.raises(AssertionError, match="differ"):
            parts.check_copies(taker)
        secret = parts.secrets["operator secret of step 2"]
        sync = Client(parts.url("sync"))
        response = expect(sync.post(f"/rebuilds/{taker}", headers={"Operator-Secret": secret}), 202).json()
        assert set(response["relations"]) == {each.name for each in RELATIONS if each.taker == taker}
        parts.await_copies(taker)
        found = parts.relations()
        assert all(found[name]["began"] >= response["at"] for name in response["relations"])
        assert {name for name, each in found.items() if (each.get("began") or "") >= response["at"]} == set(
            response["relations"]
        )

    def test_rebuild_command_makes_copies_again(self, parts: Parts) -> None:
        self.damage(parts, "recommend")
        output = parts.stage.workshop("rebuild", "recommend")
        assert all(f"recommend.{what}: done" in output for what in ("posts", "tags", "likes", "hides"))
        parts.check_copies("recommend")

    @pytest.mark.parametrize("given", [None, "", "wrong", "é"], ids=repr)
    def test_rebuild_needs_the_operator_secret(self, parts: Parts, given: str | None) -> None:
        headers = {} if given is None else {"Operator-Secret": given.encode()}
        before = {name: each.get("began") for name, each in parts.relations().items()}
        for taker in ("recommend", "nothing"):
            response = Client(parts.url("sync")).post(f"/rebuilds/{taker}", headers=headers)
            expect_error(response, 403)
            assert parts.secrets["operator secret of step 2"] not in response.text
        parts.await_arrival()
        assert {name: each.get("began") for name, each in parts.relations().items()} == before

    def test_service_without_copies_cannot_be_rebuilt(self, parts: Parts) -> None:
        headers = {"Operator-Secret": parts.secrets["operator secret of step 2"]}
        for taker in ("members", "nothing", "sync"):
            response = Client(parts.url("sync")).post(f"/rebuilds/{taker}", headers=headers)
            assert "takes no copies" in expect_error(response, 404)["_error"]["message"]


def metric(parts: Parts, name: str) -> dict[str, float]:
    """Return a metric of sync by relation."""
    text = expect(Client(parts.url("sync")).get("/metrics"), 200).text
    return {
        f"{sample.labels['taker']}.{sample.labels['what']}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


class TestLag:
    def test_report_has_each_relation(self, parts: Parts) -> None:
        parts.await_arrival()
        found = parts.relations()
        for relation in RELATIONS:
            each = found[relation.name]
            assert (each["owner"], each["what"], each["taker"]) == (
                relation.owner,
                relation.what,
                relation.taker,
            )
            assert (each["state"], each["problem"]) == ("follows", "")
            assert 0 <= each["lag"] < ARRIVED_SECONDS
        one = Client(parts.url("sync")).json("/relations/search.posts")
        assert one["_id"] == "search.posts"
        assert 0 <= one["lag"] < ARRIVED_SECONDS
        lags = metric(parts, "sync_lag_seconds")
        assert set(lags) == {relation.name for relation in RELATIONS}
        assert all(0 <= lag < ARRIVED_SECONDS for lag in lags.values())
        assert metric(parts, "sync_delivered_total")["search.posts"] >= len(parts.posts)

    def test_report_can_be_filtered(self, parts: Parts) -> None:
        found = Client(parts.url("sync")).items("/relations", where='{"taker": "recommend"}')
        assert {each["what"] for each in found} == {"posts", "tags", "likes", "hides", "revocations"}
        expect_error(Client(parts.url("sync")).get("/relations", params={"where": '{"problem": ""}'}), 400)

    def test_lag_grows_while_an_owner_is_suspended(self, parts: Parts) -> None:
        parts.await_arrival()

        def lags() -> None:
            found = parts.relations()
            late = {name for name, each in found.items() if each["lag"] > 4}
            owned = {each.name for each in RELATIONS if each.owner == "hide"}
            taken = {each.name for each in RELATIONS if each.taker == "hide"}  # late after a delivery
            assert owned <= late <= owned | taken

        def counted() -> None:
            lags = metric(parts, "sync_lag_seconds")
            assert lags["recommend.hides"] > 4, lags
            assert lags["recommend.likes"] < lags["recommend.hides"], lags

        with frozen(parts.processes("hide")):
            eventually(lags, ARRIVED_SECONDS)
            eventually(counted, ARRIVED_SECONDS)

            def waits() -> None:
                waiting = {name: each for name, each in parts.relations().items() if each["state"] == "waits"}
                assert waiting
                assert all("hide" in each["problem"] for each in waiting.values())

            eventually(waits, ARRIVED_SECONDS)
        parts.await_arrival()


def test_two_instances_of_sync_do_no_harm(parts: Parts, member: Reader) -> None:
    parts.stage.workshop("scale", "sync=2")
    try:
        writer = Writer(member, [post.post_id for post in parts.posts])
        writer.start()
        try:
            parts.collection("posts", "posts").insert_many(new_posts(300, new_word()))
            writer.await_more(WRITES)
        finally:
            writer.stop()
        parts.await_copies()
        assert set(writer.responses) == {200}, writer.responses
    finally:
        parts.stage.workshop("scale", "sync=1")
    parts.await_copies()
    assert "unexpected error" not in parts.stage.running.output


@pytest.mark.parametrize("taker", TAKERS)
def test_all_copies_are_equal_in_the_end(parts: Parts, taker: str) -> None:
    parts.await_copies(taker)
