"""The posts of an author: as JSON, as a page, in order, by pages, and without what the reader hid."""

from html import unescape
from typing import Any
from urllib.parse import quote

from workshop.learn.observing.observed import Missing, Observed


def author_has_a_list(step: Observed) -> None:
    """GET /authors/NAME responds with exactly that author's posts."""
    author = _author(step)
    found = step.json(f"/authors/{quote(author)}?max_results=50")
    others = {post["author"] for post in found.get("_items", [])} - {author}
    if others:
        raise Missing(f"The posts of {author} include some of {', '.join(sorted(others))}.")
    with step.databases() as client:
        expected = client["monolith"]["posts"].count_documents({"author": author})
    if found["_meta"]["total"] != expected:
        raise Missing(
            f"{author} has {expected} posts, but the response's total is {found['_meta']['total']}."
        )


def newest_come_first(step: Observed) -> None:
    """The newest post comes first, and pages follow each other."""
    path = f"/authors/{quote(_author(step))}"
    all_posts = step.json(f"{path}?max_results=50")["_items"]
    created = [post["created"] for post in all_posts]
    if created != sorted(created, reverse=True):
        raise Missing(f"They are not sorted by time: {', '.join(created[:4])} …")
    second = [post["_id"] for post in step.json(f"{path}?max_results=2&page=2")["_items"]]
    if second != [post["_id"] for post in all_posts[2:4]]:
        raise Missing("Page 2 of pages of two posts does not have the third and the fourth post.")


def wrong_parameters_are_refused(step: Observed) -> None:
    """A wrong or unknown parameter gets 400, as in the other lists."""
    for query in ("page=0", "max_results=51", "colour=red"):
        response = step.request("GET", f"/authors/{quote(_author(step))}?{query}")
        if response.status_code != 400:
            raise Missing(f"?{query} got {response.status_code}. See what `index` does with parameters.")


def readers_see_their_marks(step: Observed) -> None:
    """A reader sees their own marks on the posts, and not the posts that they have hidden."""
    path = f"/authors/{quote(_author(step))}?max_results=50"
    first, second = step.json(path)["_items"][:2]
    step.json(f"/posts/{first['_id']}/hide", method="PUT", reader=step.reader)
    step.json(f"/posts/{second['_id']}/like", method="PUT", reader=step.reader)
    seen: dict[str, Any] = {post["_id"]: post for post in step.json(path, reader=step.reader)["_items"]}
    if first["_id"] in seen:
        raise Missing("A post that the reader has hidden is still in the list.")
    if not seen[second["_id"]].get("liked"):
        raise Missing("The reader likes a post, but it is not shown as liked.")


def browsers_get_a_page(step: Observed) -> None:
    """Browsers get a page, and the author's name on each post leads there."""
    author = _author(step)
    path = f"/authors/{quote(author)}"
    page = step.page(path)
    if 'class="post"' not in page:
        raise Missing(f"The page at {path} shows no posts.")
    if f'href="{path}' not in unescape(page):
        raise Missing(f"No post on the page has a link to {path}.")


def _author(step: Observed) -> str:
    """Return an author who has several posts."""
    with step.databases() as client:
        (found,) = client["monolith"]["posts"].aggregate(
            [
                {"$match": {"author": {"$regex": "^[a-z0-9_]+$"}}},
                {"$group": {"_id": "$author", "posts": {"$sum": 1}}},
                {"$match": {"posts": {"$gte": 5, "$lte": 50}}},
                {"$sort": {"posts": -1, "_id": 1}},
                {"$limit": 1},
            ]
        )
    return str(found["_id"])
