"""A like is accepted, becomes an event, and is shown by all views."""

from typing import Any
from urllib.parse import quote

from workshop.learn.observing.observed import Missing, Observed

ASYNC = {"Prefer": "respond-async"}
ENVELOPE = ("eventId", "eventDomain", "eventName", "timestamp", "key", "version", "payload")
FIRST, SECOND, THIRD = 0, 1, 2
"""The posts of the rules, among the newest."""


def service_is_up(step: Observed) -> None:
    """There is a service `like`, and it is up."""
    if "like" not in step.step.services:
        raise Missing("step.toml has no service `like`: a section [service.like] with its kind and its port.")
    step.eventually(lambda: step.instances("like"))


def likes_are_accepted(step: Observed) -> None:
    """PUT and DELETE /posts/ID/like through the gateway like a post, and stop liking it."""
    post = _post(step, FIRST)
    before = step.eventually(lambda: _like(step, post, "DELETE")).get("likes")
    for method, liked, likes in (("PUT", True, 1), ("DELETE", False, 0)):
        found = _like(step, post, method)
        expected = {"post": post, "liked": liked, "likes": (before or 0) + likes}
        if found != expected:
            raise Missing(f"{method} /posts/{post}/like responded with {found}, and not with {expected}.")


def changes_become_events(step: Observed) -> None:
    """The changes are on the rapids as `liked` and `unliked`, with the whole envelope."""
    post = _post(step, FIRST)
    key = f"{step.reader.name}:{post}"
    events = step.eventually(lambda: _events(step, key, "liked", "unliked"))
    for event in events:
        if absent := [name for name in ENVELOPE if name not in event]:
            raise Missing(f"The event {event['eventName']} has no {', '.join(absent)}.")
        payload, is_liked = event["payload"], event["eventName"] == "liked"
        if (payload.get("reader"), payload.get("post")) != (step.reader.name, post):
            raise Missing(
                f"The payload of {event['eventName']} is {payload}; it names the reader and the post."
            )
        after = event.get("after") or {}
        if after.get("liked") is not is_liked:
            raise Missing(
                f"In {event['eventName']}, the document afterwards has `liked` {after.get('liked')}."
            )


def each_command_has_a_revision(step: Observed) -> None:
    """Each command increases the revision of its document, also a second like, which changes nothing else."""
    post = _post(step, SECOND)
    key = f"{step.reader.name}:{post}"
    answers = [_like(step, post) for _ in range(2)]
    if answers[0] != answers[1]:
        raise Missing(f"One reader liked a post twice. The responses were {answers[0]} and {answers[1]}.")
    events = step.eventually(lambda: _events(step, key, "liked", at_least=2))
    revisions = [(each.get("after") or {}).get("revision") for each in events]
    if revisions[:2] != [1, 2]:
        raise Missing(
            f"Two likes have the revisions {', '.join(map(str, revisions))}; expected are 1 and 2. Hide's "
            "marks are in a WriteLog, which counts them."
        )


def clients_may_choose_not_to_wait(step: Observed) -> None:
    """With `Prefer: respond-async` the response is 202, and the command is done in the end."""
    post = _post(step, THIRD)
    response = step.request("PUT", f"/posts/{post}/like", reader=step.reader, headers=ASYNC)
    if response.status_code != 202 or "Location" not in response.headers:
        raise Missing(
            f"The response was {response.status_code}, and not 202 with a Location. Only a response that "
            "names the written document, in the header Command, can be followed: see WriteLog."
        )

    def done() -> dict[str, Any]:
        state: dict[str, Any] = step.json(response.headers["Location"])
        if state["state"] != "done":
            raise Missing(
                f"The command is {state['state']}: {state['services']}. Which view does not get the event?"
            )
        return state

    if not step.eventually(done)["services"]:
        raise Missing("No service subscribes to the domain `like`, so there is no view to wait for.")


def views_show_likes(step: Observed) -> None:
    """When the response is 200, all views show the like."""
    post = step.posts(FIRST + 1)[FIRST]
    path = f"/posts/{post['_id']}/like"
    response = step.request("PUT", path, reader=step.reader)
    if response.status_code != 200:
        raise Missing(f"PUT {path} responded with {response.status_code}: the views do not show it in time.")
    title = quote(post["title"].replace('"', " "))
    for view in ("/?max_results=50", "/likes", f"/search?q=%22{title}%22&max_results=50"):
        found = step.json(view, reader=step.reader)["_items"]
        shown = {each["_id"]: each.get("liked") for each in found}
        if shown.get(post["_id"]) is not True:
            raise Missing(
                f"GET {view} does not show the like at once. The views take over what views/ponds.py names."
            )


def likes_keep_the_contract(step: Observed) -> None:
    """Likes behave as at every step: the contract's tests of likes pass."""
    step.contract("tests/contract/test_likes.py")


def _post(step: Observed, index: int) -> str:
    """Return the id of one of the newest posts."""
    return str(step.posts(index + 1)[index]["_id"])


def _like(step: Observed, post: str, method: str = "PUT") -> dict[str, Any]:
    """Like a post without waiting for the views, and return what the aggregate responds."""
    response = step.request(method, f"/posts/{post}/like", reader=step.reader, headers=ASYNC)
    if response.status_code in (404, 405):
        raise Missing(
            f"{method} /posts/{post}/like got {response.status_code}: no service that is up announces this "
            "path for clients that want JSON. Compare `paths` with hide's."
        )
    if not response.ok:
        raise Missing(f"{method} /posts/{post}/like got {response.status_code}: {response.text[:200]}")
    body = response.json()
    found: dict[str, Any] = body["answer"] if response.status_code == 202 else body
    return found


def _events(step: Observed, key: str, *names: str, at_least: int = 1) -> list[dict[str, Any]]:
    """Return the events of a document. Raises Missing if one of `names` is not there as often."""
    found = [each for each in step.rapids.events("like") if each["key"] == key]
    present = [each["eventName"] for each in found]
    for name in names:
        if present.count(name) < at_least:
            raise Missing(
                f"The rapids have {', '.join(present) or 'no events'} of {key}, and not {name}. "
                "capture/sources.py names the collections that become events."
            )
    return found
