"""Tag is a service: it has its own instance and database, and needs no `like`."""

import secrets

from workshop.learn.observing.observed import Missing, Observed

TAG = f"t-{secrets.token_hex(4)}"


def tag_is_up(step: Observed) -> None:
    """A service `tag` is up."""
    if "tag" in step.step.services:
        step.eventually(lambda: step.instances("tag"))
    step.instances("tag")


def readers_can_tag(step: Observed) -> None:
    """Readers can tag a post, and see the tag on it and in their lists."""
    post = _post(step)
    step.json(f"/posts/{post}/tags/{TAG}", method="PUT", reader=step.reader)
    listed = [each["tag"] for each in step.json("/tags", reader=step.reader)["_items"]]
    if TAG not in listed:
        raise Missing(f"A reader has tagged a post, but GET /tags lists {', '.join(listed) or 'no tag'}.")
    response = step.request("GET", f"/posts/{post}", reader=step.reader)
    if not response.ok or TAG not in response.json().get("tags", ()):
        raise Missing(
            "A reader has tagged a post, but the post does not show it. See OWNERS in web/routes.py."
        )


def tags_have_their_own_database(step: Observed) -> None:
    """Tags are in a database of their own."""
    found = _databases_with_the_tag(step) - {"step2_recommend"}
    used = {f"step2_{name}" for name in step.step.services if name != "tag"}
    if shared := sorted(found & used):
        raise Missing(f"The tag is in {shared[0]}, another service's. See step.toml and web/routes.py.")
    if not found:
        raise Missing("No database has a mark with the tag in `marks`.")


def like_does_not_tag(step: Observed) -> None:
    """`like` no longer has tags."""
    (like, *_) = step.instances("like")
    if step.request("GET", f"{like.url}/tags", reader=step.reader).status_code != 404:
        raise Missing("`like` still responds to GET /tags.")


def recommendations_know_tags(step: Observed) -> None:
    """The recommendations still get copies of the tags."""

    def observe() -> None:
        if "step2_recommend" not in _databases_with_the_tag(step):
            raise Missing(
                "A new tag does not reach `recommend`. See the feed in tag/service.py, and sync/relations.py."
            )

    step.eventually(observe)


def tagging_survives_like(step: Observed) -> None:
    """While `like` is dead readers can tag, and see their tags on a page."""
    with step.without("like"):
        step.json(f"/posts/{_post(step)}/tags/{TAG}-2", method="PUT", reader=step.reader)
        (shown,) = step.json("/?max_results=1", reader=step.reader)["_items"]
    if f"{TAG}-2" not in shown.get("tags", ()):
        raise Missing("A list does not show the reader's tags.")


def liking_survives_tag(step: Observed) -> None:
    """While `tag` is dead readers can like."""
    with step.without("tag"):
        step.json(f"/posts/{_post(step)}/like", method="PUT", reader=step.reader)


def contract_is_kept(step: Observed) -> None:
    """All that the contract says of tags and likes still holds."""
    step.contract("tests/contract/test_tags.py", "tests/contract/test_likes.py", "-k", "not valid")


def _post(step: Observed) -> str:
    (newest,) = step.posts(1)
    return str(newest["_id"])


def _databases_with_the_tag(step: Observed) -> set[str]:
    mark = {"reader": step.reader.name, "tags": TAG}
    with step.databases() as client:
        return {name for name in client.list_database_names() if client[name]["marks"].find_one(mark)}
