"""The times of tags are in the pond, also of those from before the change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from pymongo.collection import Collection

from workshop.learn.observing.observed import Missing, Observed

PATH = "/recent-tags"
SERVICE, DATABASE = "tagged", "step3_tagged"
BEFORE = {"_id", "reader", "post", "topic", "tags", "liked", "liked_at", "hidden", "hidden_at", "applied"}
"""The fields of a mark in the pond before the exercise."""

OF_TAGS = {"applied.tag": {"$exists": True}, "tags": {"$gt": ""}}
PRECISION = timedelta(seconds=1)
"""Responses have times to the second."""


def recent_tags_come_first(step: Observed) -> None:
    """GET /recent-tags lists the reader's tags with their times, the one that was used last first."""
    for post, tag in zip(step.posts(4), ("again", "first", "second", "again"), strict=True):
        step.json(f"/posts/{post['_id']}/tags/{tag}", method="PUT", reader=step.reader)
    if (found := [*_recent(step)]) != (expected := ["again", "second", "first"]):
        raise Missing(f"GET {PATH} lists the tags in the order {found}, and not {expected}.")
    latest = {}
    for event in step.rapids.events("tag"):
        if event["payload"]["reader"] == step.reader.name:
            at = datetime.fromisoformat(event["after"]["at"])
            latest |= {tag: max(latest.get(tag, at), at) for tag in event["after"]["tags"]}
    for tag, at in _recent(step).items():
        if at is None or abs(datetime.fromisoformat(at) - latest[tag]) > PRECISION:
            raise Missing(f"The tag {tag} was last used at {latest[tag].isoformat()}, and its `at` is {at}.")


def visitors_are_refused(step: Observed) -> None:
    """A visitor gets 401."""
    if (status := step.request("GET", PATH).status_code) != 401:
        raise Missing(f"GET {PATH} without a token gets {status}.")


def pond_has_all_times(step: Observed) -> None:
    """The pond has the times of all tags, also from before the change."""
    with _marks(step) as collections:
        old = sum(1 for each in collections for mark in each.find(OF_TAGS) if not mark.keys() - BEFORE)
    if old:
        raise Missing(
            f"The pond has {old} marks that are from before your change, and have no time. Let it read "
            "history again, in work/3.4: ./stones rebuild --step 3 tagged"
        )


def rebuild_fills_old_documents(step: Observed) -> None:
    """The view responds while its documents are old, and while it is rebuilt; then it has their times."""
    before = _recent(step)
    _take_new_fields_out(step)
    if (old := _recent(step)).keys() != before.keys():
        raise Missing(
            f"With documents from before the change, GET {PATH} has the tags {[*old]}, not {[*before]}."
        )
    with step.repeating(lambda: _require_tags(step, {*before})) as failures:
        step.workshop("rebuild", "--step", "3", SERVICE)
    if failures:
        raise Missing(f"While the pond was rebuilt, a request failed: {failures[0]}.")

    def as_before() -> None:
        if [*(found := _recent(step)).items()] != [*before.items()]:
            raise Missing(
                f"After ./stones rebuild --step 3 {SERVICE}, the tags are {found}, and not {before}."
            )

    step.eventually(as_before)


def tags_keep_the_contract(step: Observed) -> None:
    """Tags are shown as before: these tests of the contract pass."""
    tests = ("test_tag_is_added_and_removed", "test_tags_are_sorted", "test_tags_are_the_readers_own")
    step.contract(*(f"tests/contract/test_tags.py::{name}" for name in tests))


def _recent(step: Observed) -> dict[str, str | None]:
    """Return the times of the reader's tags, by tag, in the order of the response."""
    found = step.json(PATH, reader=step.reader)
    try:
        return {each["tag"]: each["at"] for each in found["tags"]}
    except (KeyError, TypeError):
        raise Missing(f"GET {PATH} responded with {found}; see the form in the task.") from None


@contextmanager
def _marks(step: Observed) -> Iterator[list[Collection[dict[str, Any]]]]:
    """Yield the collections in which the view may have marks."""
    with step.databases() as client:
        database = client[DATABASE]
        names = (name for name in database.list_collection_names() if not name.startswith("rivers"))
        yield [database[name] for name in names if not name.endswith("_removed")]


def _take_new_fields_out(step: Observed) -> None:
    """Make the documents of tags as they were before the change."""
    with _marks(step) as collections:
        for each in collections:
            for mark in each.find(OF_TAGS):
                if new := mark.keys() - BEFORE:
                    each.update_one({"_id": mark["_id"]}, {"$unset": dict.fromkeys(new, "")})


def _require_tags(step: Observed, tags: set[str]) -> None:
    if (found := {*_recent(step)}) != tags:
        raise Missing(f"GET {PATH} had only the tags {sorted(found)}")
