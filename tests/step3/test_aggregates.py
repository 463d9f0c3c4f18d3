"""Aggregates: each command is one write, with its revision and its trace, to a known post."""

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from pymongo.collection import Collection
from pymongo.database import Database

from kit.domain.marks.collection import Marks
from kit.domain.members.revocations import Revocations
from step3_async.aggregates.write_log import WriteLog
from tests.step3.single_service import SingleService, World, world
from tests.step3.surroundings import post
from tests.support.client import PASSWORD, Reader, new_name
from tests.support.responses import expect, expect_error, expect_unauthorized
from workshop.ports import free_port

__all__ = ["world"]

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
COMMANDS = {"tag": "tags/read-later", "like": "like", "hide": "hide"}
FIELDS: dict[str, tuple[str, Any, Any]] = {
    "tag": ("tags", ["read-later"], []),
    "like": ("liked", True, False),
    "hide": ("hidden", True, False),
}
MOMENTS = {"liked": "liked_at", "hidden": "hidden_at"}
IMAGES = {
    **dict.fromkeys(COMMANDS, "marks"),
    "share": "shares",
    "members": "revoked",
    "posts": "posts",
}


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def marking(request: pytest.FixtureRequest, world: World) -> Iterator[SingleService]:
    """Each aggregate of marks in turn."""
    with world.alone(request.param) as found:
        yield found


@pytest.fixture
def post_id(marking: SingleService) -> str:
    """Return a post that the service knows."""
    return known_post(marking)


def known_post(alone: SingleService) -> str:
    event = alone.owners.write("posts", f"t3_{token_hex(4)}", post("known"))
    alone.owners.await_applied(alone.service, "posts", event.key)
    return event.key


class TestMarks:
    def test_response_names_the_revision_of_each_command(self, marking: SingleService, post_id: str) -> None:
        reader, path = marking.signed_in(), f"/posts/{post_id}/{COMMANDS[marking.service]}"
        found = [
            expect(reader.request(method, path), 200).headers["Command"]
            for method in ("PUT", "PUT", "DELETE", "DELETE")
        ]
        key = f"{reader.username}:{post_id}"
        assert found == [f"{marking.service}:{revision}:{key}" for revision in (1, 2, 3, 4)]

    def test_mark_has_its_revision_and_its_trace(self, marking: SingleService, post_id: str) -> None:
        reader, path = marking.signed_in(), f"/posts/{post_id}/{COMMANDS[marking.service]}"
        field, done, undone = FIELDS[marking.service]
        for method, value, headers, trace in (
            ("PUT", done, {"traceparent": PARENT}, PARENT),
            ("DELETE", undone, {}, None),
        ):
            expect(reader.request(method, path, headers=headers), 200)
            mark = marking.database["marks"].find_one({"_id": f"{reader.username}:{post_id}"})
            assert mark is not None
            assert mark.pop("at")
            assert field not in MOMENTS or mark.pop(MOMENTS[field])
            revision = mark.pop("revision")
            assert mark == {
                "_id": f"{reader.username}:{post_id}",
                "reader": reader.username,
                "post": post_id,
                "topic": "stones",
                field: value,
                "traceparent": trace,
            }
            assert revision == (1 if method == "PUT" else 2)

    def test_refused_command_writes_nothing_and_names_no_revision(self, marking: SingleService) -> None:
        path = f"/posts/t3_nothing/{COMMANDS[marking.service]}"
        response = expect_error(marking.signed_in().put(path), 404)
        assert "Command" not in response
        refused = marking.visitor.put(path)
        expect_unauthorized(refused)
        assert "Command" not in refused.headers

    def test_readers_see_their_own_marks_without_internal_fields(
        self, marking: SingleService, post_id: str
    ) -> None:
        reader = marking.signed_in(new_name())
        expect(reader.put(f"/posts/{post_id}/{COMMANDS[marking.service]}"), 200)
        (mark,) = reader.items("/marks")
        assert mark["post"] == post_id
        assert not {"revision", "traceparent", "applied"} & set(mark)
        assert marking.signed_in(new_name()).items("/marks") == []

    def test_removed_post_cannot_be_marked(self, marking: SingleService, post_id: str) -> None:
        marking.owners.write("posts", post_id, None)
        marking.owners.await_applied(marking.service, "posts", post_id)
        marker = known_post(marking)
        assert marker
        expect_error(marking.signed_in().put(f"/posts/{post_id}/{COMMANDS[marking.service]}"), 404)

    @pytest.mark.parametrize("marking", ["tag"], indirect=True)
    def test_tag_over_the_limit_is_no_command(self, marking: SingleService, post_id: str) -> None:
        reader = marking.signed_in()
        for number in range(50):
            expect(reader.put(f"/posts/{post_id}/tags/t{number}"), 200)
        response = expect(reader.put(f"/posts/{post_id}/tags/one-more"), 422)
        assert "Command" not in response.headers
        mark = marking.database["marks"].find_one({"_id": f"{reader.username}:{post_id}"})
        assert mark is not None
        assert mark["revision"] == 50

    def test_collection_keeps_images(self, marking: SingleService) -> None:
        check_images(marking)


class TestShare:
    def test_share_is_mailed_and_names_its_command(self, world: World, smtp: Any) -> None:
        settings = {"SMTP_HOST": smtp.host, "SMTP_PORT": str(smtp.port)}
        with world.alone("share", settings) as alone:
            post_id, reader = known_post(alone), alone.signed_in()
            body = {"to": "bea@example.org", "note": "for you"}
            response = expect(reader.post(f"/posts/{post_id}/share", json=body), 201)
            share = response.json()["share"]
            assert response.headers["Command"] == f"share:1:{share}"
            kept = alone.database["shares"].find_one({"_id": share})
            assert kept is not None
            assert (kept["revision"], kept["post"], kept["to"]) == (1, post_id, "bea@example.org")
            assert reader.json("/counts") == {"counts": {"shares": 1}}
            check_images(alone)


class TestMembers:
    def test_revocation_names_its_command(self, world: World) -> None:
        with world.alone("members") as alone:
            name = new_name()
            expect(alone.visitor.post("/members", json={"_id": name, "password": PASSWORD}), 201)
            signed = alone.visitor.post("/tokens", json={"username": name, "password": PASSWORD})
            reader = Reader(alone.url, name, expect(signed, 201).json()["token"])
            assert reader.json("/me")["username"] == name
            response = expect(reader.delete("/tokens/current", headers={"traceparent": PARENT}), 204)
            domain, revision, key = response.headers["Command"].split(":", 2)
            assert (domain, revision) == ("members", "1")
            kept = alone.database["revoked"].find_one({"_id": key})
            assert kept is not None
            assert (kept["revision"], kept["traceparent"]) == (1, PARENT)
            expect_unauthorized(reader.get("/me"))
            check_images(alone)


class TestPosts:
    def test_owner_shows_posts_and_keeps_images(self, world: World) -> None:
        with world.alone("posts") as alone:
            now = datetime.now(UTC)
            times = dict.fromkeys(("created", "_created", "_updated"), now)
            alone.database["posts"].insert_one({"_id": "t3_owned", **post("owned"), **times})
            assert alone.visitor.json("/posts/t3_owned")["title"] == "owned"
            check_images(alone)


class RecordingLog(WriteLog):
    """A write log that records its notes."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        super().__init__(collection.database, collection.name, "tests")
        self.notes: list[tuple[str, int]] = []

    def stamp(self) -> dict[str, Any]:
        return {"traceparent": "trace"}

    def note(self, key: str, revision: int) -> None:
        self.notes.append((key, revision))


class TestWriteLog:
    def test_marks_without_a_write_log_have_no_revision(self, database: Database[dict[str, Any]]) -> None:
        marks = Marks(database["marks"])
        marks.like("ann", "t3_1", "stones", True)
        marks.tag("ann", "t3_1", "stones", "a")
        mark = database["marks"].find_one()
        assert mark is not None
        assert set(mark) == {"_id", "reader", "post", "topic", "at", "liked", "liked_at", "tags"}

    def test_write_log_counts_each_command(self, database: Database[dict[str, Any]]) -> None:
        log = RecordingLog(database["marks"])
        marks = Marks(log)
        assert marks.like("ann", "t3_1", "stones", True) == 1
        assert marks.tag("ann", "t3_1", "stones", "a") == ["a"]
        assert marks.tag("ann", "t3_1", "stones", "a") == ["a"]
        assert marks.untag("ann", "t3_2", "stones", "a") == []
        assert log.notes == [("ann:t3_1", 1), ("ann:t3_1", 2), ("ann:t3_1", 3), ("ann:t3_2", 1)]

    def test_token_is_revoked_once(self, database: Database[dict[str, Any]]) -> None:
        log = RecordingLog(database["revoked"])
        ended = Revocations(log)
        for _ in range(2):
            ended.revoke("t", datetime(2100, 1, 1, tzinfo=UTC))
        assert log.notes == [("t", 1), ("t", 1)]
        kept = database["revoked"].find_one()
        assert kept is not None
        assert (kept["revision"], kept["traceparent"]) == (1, "trace")


def check_images(alone: SingleService) -> None:
    """Check that MongoDB keeps the documents as they were before a change."""
    (found,) = alone.database.list_collections(filter={"name": IMAGES[alone.service]})
    assert found["options"]["changeStreamPreAndPostImages"] == {"enabled": True}


class Inbox:
    """The address of a mail server."""

    def __init__(self, port: int) -> None:
        self.host, self.port = "127.0.0.1", port


@pytest.fixture
def smtp() -> Iterator[Inbox]:
    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        assert client.noop()[0] == 250
    yield Inbox(port)
    controller.stop()
