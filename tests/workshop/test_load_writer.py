"""Writing into MongoDB: new, changed and unchanged posts, and concurrent changes by others."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect
from pymongo.monitoring import CommandListener, CommandSucceededEvent

from workshop.load.generate import posts
from workshop.load.posts.post import Document, document
from workshop.load.posts.stackexchange import post_from_row
from workshop.load.problems import LoadError
from workshop.load.tally import Tally
from workshop.load.writing.retry import retry_while_unavailable
from workshop.load.writing.writer import Writer

Posts = Collection[dict[str, Any]]


@pytest.fixture
def collection(database: Database[dict[str, Any]]) -> Posts:
    return database["posts"]


def writer(collection: Posts) -> Writer:
    return Writer(collection, Event(), lambda text: None)


def changed(post: Document, **values: Any) -> Document:
    """Return the post with other values, and the etag and love that match them."""
    content = {
        name: value for name, value in post.items() if name not in {"love", "_etag", "_created", "_updated"}
    }
    content |= values
    return document(post_id=content.pop("_id"), **content)


def counts(tally: Tally) -> tuple[int, int, int, int]:
    return tally.new, tally.updated, tally.unchanged, tally.bad


def content(collection: Posts) -> dict[str, Document]:
    """Return the stored posts by `_id`, without Eve's dates."""
    return {post["_id"]: post for post in collection.find({}, {"_created": 0, "_updated": 0})}


def backdate(collection: Posts) -> datetime:
    """Make all posts look as if they had been written an hour ago."""
    before = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    collection.update_many({}, {"$set": {"_created": before, "_updated": before}})
    return before


def test_new_posts_are_stored_as_they_are(collection):
    made = list(posts(50))
    assert counts(writer(collection).write([dict(post) for post in made])) == (50, 0, 0, 0)
    assert content(collection) == {post["_id"]: post for post in made}
    for post in collection.find():
        assert post["_created"] == post["_updated"]
        assert post["_created"].microsecond == 0
        assert abs(datetime.now(UTC) - post["_created"]) < timedelta(minutes=5)


def test_a_post_of_another_site_is_never_overwritten(collection):
    """Two dumps without a site use the same numbers; the time of a question distinguishes them."""
    row = {"Id": "5", "PostTypeId": "1", "Title": "Stone?", "CreationDate": "2019-03-05T10:00:00.123"}
    first = post_from_row(row, "")
    other = post_from_row(row | {"Title": "Pebble?", "CreationDate": "2020-01-01T00:00:00"}, "")
    named = post_from_row(row | {"Title": "Pebble?", "CreationDate": "2020-01-01T00:00:00"}, "superuser.com")
    edited = post_from_row(row | {"Title": "Which stone?"}, "stackoverflow.com")
    assert counts(writer(collection).write([first])) == (1, 0, 0, 0)
    for _ in range(2):
        found = writer(collection).write([dict(other)])
        assert counts(found) == (0, 0, 0, 1)
        assert "SITE=" in found.examples[0].reason
    assert collection.find_one({"_id": "se_5"}, {"title": 1}) == {"_id": "se_5", "title": "Stone?"}
    assert counts(writer(collection).write([named, edited])) == (1, 1, 0, 0)


def test_words_of_languages_without_spaces_are_stored_with_a_post(collection):
    """Also with a post that was stored before this feature, and only as long as its text has them."""
    made = next(posts(1))
    chinese = changed(made, title="東京", text="")
    assert counts(writer(collection).write([dict(chinese)])) == (1, 0, 0, 0)
    kept = collection.find_one({}, {"_id": 0, "words": 1})
    assert kept == {"words": "東 京 東京 東 京 東京"}
    collection.update_one({}, {"$unset": {"words": ""}})
    for _ in range(2):
        writer(collection).write([dict(chinese)])
        assert collection.find_one({}, {"_id": 0, "words": 1}) == kept
    assert counts(writer(collection).write([dict(made)])) == (0, 1, 0, 0)
    assert collection.find_one({}, {"_id": 0, "words": 1}) == {}


def test_writing_again_changes_nothing_not_even_the_date(collection):
    writer(collection).write(list(posts(50)))
    before = backdate(collection)
    assert counts(writer(collection).write(list(posts(50)))) == (0, 0, 50, 0)
    assert collection.count_documents({"_updated": before, "_created": before}) == 50


def test_changed_post_is_updated_and_keeps_its_creation_date(collection):
    made = list(posts(10))
    writer(collection).write([dict(post) for post in made])
    before = backdate(collection)
    made[3] = changed(made[3], score=999, ups=1000, downs=1)
    assert counts(writer(collection).write([dict(post) for post in made])) == (0, 1, 9, 0)
    assert content(collection) == {post["_id"]: post for post in made}
    stored = collection.find_one({"_id": made[3]["_id"]})
    assert stored is not None
    assert stored["_created"] == before
    assert stored["_updated"] > before
    assert stored["love"] == 999
    assert collection.count_documents({"_updated": before}) == 9


def test_fields_that_others_added_stay(collection):
    made = list(posts(2))
    writer(collection).write([dict(post) for post in made])
    collection.update_many({}, {"$set": {"seen": 7}})
    writer(collection).write([changed(made[0], title="Other"), made[1]])
    assert collection.count_documents({"seen": 7}) == 2


def test_documents_without_an_etag_are_updated(collection):
    made = list(posts(2))
    collection.insert_many([{"_id": post["_id"], "title": "old"} for post in made])
    assert counts(writer(collection).write([dict(post) for post in made])) == (0, 2, 0, 0)
    assert content(collection) == {post["_id"]: post for post in made}


def test_last_of_several_posts_with_one_id_wins(collection):
    first, second = list(posts(2))
    batch = [
        first,
        second,
        changed(first, title="Second"),
        changed(first, title="Third"),
        changed(first, title="Third"),
    ]
    assert counts(writer(collection).write(batch)) == (2, 2, 1, 0)
    assert content(collection)[first["_id"]]["title"] == "Third"


def test_existing_posts_are_found_after_only_new_ones(collection):
    """A writer that has seen only new posts stops its look-ups and finds existing posts by failed inserts."""
    made = list(posts(300))
    writer(collection).write([dict(post) for post in made[100:200]])
    collection.update_many({}, {"$set": {"seen": 7}})
    loader = writer(collection)
    assert counts(loader.write([dict(post) for post in made[:100]])) == (100, 0, 0, 0)
    mixed = [changed(post, title="Other") for post in made[100:150]] + [dict(post) for post in made[150:300]]
    assert counts(loader.write(mixed)) == (100, 50, 50, 0)
    assert counts(loader.write([dict(post) for post in made[:100]])) == (0, 0, 100, 0)
    assert collection.count_documents({}) == 300
    assert collection.count_documents({"title": "Other"}) == 50
    assert collection.count_documents({"seen": 7}) == 100


class Meanwhile(CommandListener):
    """Calls `action` right after the first look-up, as another process might act."""

    def __init__(self, action: Callable[[], Any]) -> None:
        self._actions = [action]

    def started(self, event: Any) -> None:
        """Ignore it."""

    def failed(self, event: Any) -> None:
        """Ignore it."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.command_name == "find" and self._actions:
            self._actions.pop()()


@pytest.fixture
def disturbed(mongo_client, database) -> Iterator[Callable[[Callable[[], Any]], Writer]]:
    """Returns a function that makes a writer and calls `action` after its first look-up."""
    database.command("createUser", "writer", pwd="only", roles=["readWrite"])
    host, port = mongo_client.address
    clients = []

    def make(action: Callable[[], Any]) -> Writer:
        login = {"username": "writer", "password": "only", "authSource": database.name}
        clients.append(
            MongoClient(host, port, directConnection=True, event_listeners=[Meanwhile(action)], **login)
        )
        return writer(clients[-1][database.name]["posts"])

    yield make
    for client in clients:
        client.close()
    database.command("dropUser", "writer")


def test_a_post_that_another_load_inserts_first_is_compared_with_ours(collection, disturbed):
    made = list(posts(20))
    theirs = [changed(post, title="Theirs") for post in made[:5]] + [dict(post) for post in made[5:10]]
    loader = disturbed(lambda: collection.insert_many(theirs))
    assert counts(loader.write([dict(post) for post in made])) == (10, 5, 5, 0)
    assert content(collection) == {post["_id"]: post for post in made}


def test_post_that_is_deleted_before_its_update_is_written_completely(collection, disturbed):
    made = list(posts(5))
    writer(collection).write([changed(post, title="Old") for post in made])
    loader = disturbed(lambda: collection.delete_many({}))
    assert loader.write([dict(post) for post in made]).stored == 5
    assert content(collection) == {post["_id"]: post for post in made}
    assert all(post["_created"] == post["_updated"] for post in collection.find())


def test_post_that_mongodb_refuses_is_bad_and_the_others_are_written(database):
    collection = database.create_collection("posts", validator={"title": {"$ne": "Forbidden"}})
    made = list(posts(6))
    writer(collection).write(made[:2])
    batch = [changed(made[0], title="Forbidden"), made[1], changed(made[2], title="Forbidden"), *made[3:]]
    tally = writer(collection).write(batch)
    assert counts(tally) == (3, 0, 1, 2)
    assert {problem.where for problem in tally.examples} == {made[0]["_id"], made[2]["_id"]}
    assert all(problem.reason.startswith("MongoDB refused it: ") for problem in tally.examples)
    assert collection.count_documents({}) == 5


def test_post_that_breaks_another_unique_index_is_bad(collection):
    collection.create_index("title", unique=True)
    one, other = list(posts(2))
    other = changed(other, title=one["title"])
    loader = writer(collection)
    for _ in range(2):
        tally = loader.write([dict(one), dict(other)])
        assert tally.bad == 1
        assert "duplicate key" in tally.examples[0].reason
    assert collection.count_documents({}) == 1


def test_empty_batch_writes_nothing(collection):
    assert counts(writer(collection).write([])) == (0, 0, 0, 0)


def test_batches_end_as_if_posts_were_written_one_by_one(collection):
    rng = random.Random(5)
    made = list(posts(40))
    model: dict[str, Document] = {}
    loader = writer(collection)
    for _ in range(40):
        batch = [
            changed(post, title=f"Title {rng.randrange(3)}")
            for post in rng.choices(made, k=rng.randrange(30))
        ]
        expected = Tally()
        for post in batch:
            old = model.get(post["_id"])
            expected.new += old is None
            expected.unchanged += old == post
            expected.updated += old is not None and old != post
            model[post["_id"]] = dict(post)
        tally = loader.write(batch)
        # Of several versions in one batch the last alone is compared with the stored one.
        assert (tally.new, tally.stored, tally.bad) == (expected.new, expected.stored, 0)
        if rng.random() < 0.3:
            gone = rng.sample(sorted(model), k=len(model) // 3)
            collection.delete_many({"_id": {"$in": gone}})
            model = {_id: post for _id, post in model.items() if _id not in gone}
    assert content(collection) == model


def test_permanent_error_is_reported_at_once(mongo_client, database):
    database.command("createUser", "reader", pwd="only", roles=["read"])
    host, port = mongo_client.address
    login = {"username": "reader", "password": "only", "authSource": database.name}
    with (
        MongoClient(host, port, directConnection=True, **login) as client,
        pytest.raises(LoadError, match=r"MongoDB refused the request: not authorized on .*\.$"),
    ):
        writer(client[database.name]["posts"]).write(list(posts(1)))
    database.command("dropUser", "reader")


def test_stop_ends_the_wait():
    stop = Event()
    tries, notes = [], []

    def away() -> None:
        tries.append(1)
        if len(tries) == 3:
            stop.set()
        raise AutoReconnect("connection closed")

    with pytest.raises(LoadError, match=r"MongoDB has not responded for . s: connection closed"):
        retry_while_unavailable(away, stop, notes.append)
    assert len(tries) == 3
    assert notes == ["MongoDB does not respond; trying again …"]
