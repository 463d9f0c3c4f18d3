"""The shapes of collections and posts."""

from datetime import UTC, datetime
from typing import Any

POST = {
    **dict.fromkeys(("_id", "_etag", "title", "text", "author", "topic"), str),
    **dict.fromkeys(("source", "url", "permalink", "thumbnail", "created"), str),
    **dict.fromkeys(("score", "ups", "downs", "num_comments"), int),
    "over_18": bool,
}
MARKS = {"tags": list, "liked": bool, "hidden": bool}


def check_collection(body: dict[str, Any], page: int, max_results: int) -> None:
    """Raise AssertionError unless this is a page of a collection as Eve has them."""
    assert set(body) == {"_items", "_meta", "_links"}, body.keys()
    meta = body["_meta"]
    assert (meta["page"], meta["max_results"]) == (page, max_results), meta
    assert set(meta) - {"total_relation", "reason"} == {"page", "max_results", "total"}, meta
    assert meta["total"] == 0 or "reason" not in meta, meta
    assert 0 <= meta["total"] <= 10_000, meta
    assert meta.get("total_relation", "gte") == "gte", meta
    assert meta["total"] == 10_000 or "total_relation" not in meta, meta
    assert len(body["_items"]) <= max_results
    links = body["_links"]
    assert set(links) <= {"self", "parent", "next", "prev", "last"}, links
    assert "self" in links
    for link in links.values():
        assert set(link) == {"href", "title"}, links
        assert "://" not in link["href"], "links are relative"


def check_post(post: dict[str, Any], *, marked: bool = False) -> None:
    """Raise AssertionError unless this is a post; `marked` if a signed-in reader requested it."""
    fields = {**POST, **(MARKS if marked else {})}
    assert set(post) == set(fields), set(post) ^ set(fields)
    for name, kind in fields.items():
        assert type(post[name]) is kind, f"{name}: {post[name]!r}"
    assert post["source"] in ("reddit", "stackexchange")
    assert post["_id"].startswith({"reddit": "t3_", "stackexchange": "se_"}[post["source"]])
    assert moment(post).utcoffset() == UTC.utcoffset(None)


def moment(post: dict[str, Any]) -> datetime:
    """Return when a post was created."""
    return datetime.fromisoformat(post["created"])


def ids(posts: list[dict[str, Any]]) -> list[str]:
    """Return the posts' ids, in order."""
    return [post["_id"] for post in posts]


def by_love(post: dict[str, Any]) -> tuple[int, int, str]:
    """Return the key that recommendations are sorted by."""
    return post["downs"] - post["ups"], -post["num_comments"], post["_id"]
