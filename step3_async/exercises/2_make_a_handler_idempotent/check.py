"""A like counts once, however often its event comes."""

import random
import secrets
from collections import Counter
from typing import Any

from workshop.learn.observing.observed import Missing, Observed

COPIES = 3
READERS = 4
HISTORIES = (1, 2, 3)
"""How often each of the readers likes each of as many posts, and stops liking it."""

SERVICE = "tagged"


def likes_are_counted(step: Observed) -> None:
    """A like counts, a second like of the same reader does not, and one after an unlike does."""
    post = str(step.posts(1)[0]["_id"])
    path = f"/posts/{post}/like"
    before = _times(step, [post])[post]
    for method, expected in (("PUT", 1), ("PUT", 1), ("DELETE", 1), ("PUT", 2), ("DELETE", 2)):
        step.json(path, method=method, reader=step.reader)
        counted = _times(step, [post])[post] - before
        if counted != expected:
            raise Missing(
                f"After PUT, PUT, DELETE, PUT, DELETE of {path}, or as many of them as were sent so far, the "
                f"number is {counted} higher than before, and not {expected}."
            )


def events_count_once(step: Observed) -> None:
    """Events that come three times, and shuffled, count once."""
    _send_and_compare(step, step.sign_up().name)


def restarts_forget_nothing(step: Observed) -> None:
    """They count once also if the service was killed in between."""
    reader = step.sign_up().name
    events, _ = _send_and_compare(step, reader)
    posts = list({each["payload"]["post"] for each in events})
    before = _times(step, posts)
    step.kill(SERVICE)
    step.eventually(lambda: _times(step, posts))
    _publish(step, events)
    after = _times(step, posts)
    if after != before:
        raise Missing(
            f"Before the service was killed, the numbers were {dict(before)}. Then events came that it had "
            f"counted already, and now they are {dict(after)}. What it has counted must outlive the process."
        )


def likes_are_still_shown(step: Observed) -> None:
    """Readers' likes are shown as before: the contract's tests of likes pass."""
    step.contract("tests/contract/test_likes.py")


def _send_and_compare(step: Observed, reader: str) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Publish events of several readers, and compare the numbers. Return the events, and the numbers."""
    posts = [str(each["_id"]) for each in step.posts(len(HISTORIES) + 1)[1:]]
    before = _times(step, posts)
    events = [
        event
        for number in range(READERS)
        for post, likes in zip(posts, HISTORIES, strict=True)
        for event in _history(_example(step), f"{reader}_{number}", post, likes)
    ]
    _publish(step, events)
    after = _times(step, posts)
    for post, likes in zip(posts, HISTORIES, strict=True):
        counted, expected = after[post] - before[post], READERS * likes
        if counted != expected:
            raise Missing(
                f"Their events came three times, and shuffled: {READERS} readers liked {post}, "
                f"{expected} times in all. The number rose by {counted}."
            )
    return events, after


def _publish(step: Observed, events: list[dict[str, Any]]) -> None:
    """Publish each event three times, shuffled, and wait until the service has handled all of them."""
    copies = events * COPIES
    random.shuffle(copies)
    step.rapids.publish(copies)

    def handled() -> None:
        if left := step.rapids.pending(SERVICE):
            raise Missing(
                f"{left} events are still in the river of {SERVICE}. `./stones rapids dead` shows those that "
                "it cannot handle, with the errors."
            )

    step.eventually(handled)


def _example(step: Observed) -> dict[str, Any]:
    """Return an event of this reader's first like."""
    events = step.rapids.events("like")
    return next(
        each
        for each in events
        if each["payload"]["reader"] == step.reader.name and each["eventName"] == "liked"
    )


def _history(example: dict[str, Any], reader: str, post: str, likes: int) -> list[dict[str, Any]]:
    """Return the events of a reader who likes a post `likes` times, and stops each time, in the form of an
    `example`.
    """
    key, document, events = f"{reader}:{post}", None, []
    version = int(example["version"], 16)
    for revision in range(1, 2 * likes + 1):
        liked = revision % 2 == 1
        after = {
            **example["after"],
            "_id": key,
            "reader": reader,
            "post": post,
            "liked": liked,
            "revision": revision,
        }
        events.append(
            {
                **example,
                "eventId": secrets.token_hex(16),
                "eventName": "liked" if liked else "unliked",
                "key": key,
                "version": f"{version + revision:016x}",
                "payload": {**example["payload"], "reader": reader, "post": post},
                "before": document,
                "after": after,
            }
        )
        document = after
    return events


def _times(step: Observed, posts: list[str]) -> Counter[str]:
    """Return how often each of the posts was liked, as the service says."""
    return Counter(step.json(f"/api/liked-ever?posts={','.join(posts)}")["times"])
