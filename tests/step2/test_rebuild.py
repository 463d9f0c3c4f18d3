"""`workshop rebuild` makes damaged copies equal to their owners' documents again."""

import pytest

from tests.step2.running_parts import Parts


@pytest.mark.parametrize("service", ["search", "recommend", "like"])
def test_damaged_copies_are_made_again(parts: Parts, service: str) -> None:
    parts.await_arrival()
    copies = parts.collection(service, "posts")
    lost, changed = (each.post_id for each in parts.posts[:2])
    copies.delete_one({"_id": lost})
    copies.update_one({"_id": changed}, {"$set": {"topic": "nothing_like_it"}})
    copies.insert_one({"_id": "t3_stray", "topic": "nowhere"})
    with pytest.raises(AssertionError, match=f"{service}.posts: 3 differ"):
        parts.check_copies(service)

    output = parts.stage.workshop("rebuild", service)

    assert f"{service}.posts: done" in output
    parts.check_copies(service)
    assert copies.find_one({"_id": "t3_stray"}) is None


def test_marks_of_three_owners_are_made_again(parts: Parts) -> None:
    reader = parts.new_member()
    post = parts.posts[5].post_id
    for path in ("like", "hide", "tags/kept"):
        reader.put(f"/posts/{post}/{path}")
    parts.await_arrival()
    marks = parts.collection("recommend", "marks")
    key = f"{reader.username}:{post}"
    whole = marks.find_one({"_id": key})
    assert whole is not None
    marks.update_one({"_id": key}, {"$set": {"liked": False, "tags": ["wrong"]}, "$unset": {"hidden": ""}})
    marks.insert_one({"_id": f"{key}:stray", "reader": reader.username, "tags": ["stray"], "liked": True})

    parts.stage.workshop("rebuild", "recommend")

    assert marks.find_one({"_id": key}) == whole
    assert marks.count_documents({"reader": reader.username, "tags": "stray"}) == 0
    parts.check_copies("recommend")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("rebuild", "members"), "members takes no copies; these do: hide, images, like"),
        (("rebuild", "nothing"), "nothing takes no copies"),
        (("rebuild", "--step", "1", "search"), "Step 1 has no services"),
    ],
    ids=["no taker", "no service", "no services"],
)
def test_service_without_copies_cannot_be_rebuilt(
    parts: Parts, arguments: tuple[str, ...], found: str
) -> None:
    with pytest.raises(AssertionError, match=found):
        parts.stage.workshop(*arguments)
