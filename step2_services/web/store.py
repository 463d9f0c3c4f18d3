"""The store over services: step 1's for pages that one service responds with, and code for all others.

Readers see what they have done at once, although the services' copies are up to a second late:

- the reader's marks on the posts of a page are requested from their owners: tag, like and hide;
- the reader's latest marks are sent along with requests that depend on them, see `step2_services.own_marks`.

What a response has said already is not requested again. Where an owner is away the page has a gap
(`kit.http.gaps`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from kit.domain.marks.documents import put_mark
from kit.domain.posts.documents import Post
from kit.http.collections import Found, Page
from kit.tokens import Verifier
from step0_monolith.store import Profile, Reader
from step1_rest.store import RestStore, paging, post_from_json, posts_from_json
from step2_services.own_marks import header_of
from step2_services.web.parallel import ParallelCalls
from step2_services.web.routes import OWNERS, Routed
from step2_services.web.sign_out import replicate_revocations

UNMARKED: dict[str, Any] = {"tags": [], "liked": False, "hidden": False}
COUNTING = (*OWNERS.values(), "share")
PATIENCE = 2.0
"""How many seconds to wait for a part that a page can do without."""

Marks = dict[str, list[dict[str, Any]]]
"""Marks of a reader by their kind. Those whose owner is away are left out."""


class ServicesStore(RestStore):
    """Store, over services."""

    def __init__(
        self, api: Routed, verifier: Verifier, secret: str = "", replication_secret: str = ""
    ) -> None:
        super().__init__(api, verifier, secret)
        self._services = api
        self._replication_secret = replication_secret
        self._parallel = ParallelCalls()

    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        return self._request_visible("/posts", reader, paging(page))

    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        return self._request_visible("/search", reader, {**paging(page), "q": query})

    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        latest = self._request_marks(reader, OWNERS) if reader else {}
        params = {"topic": topic} if topic else {}
        posts = self._request_posts("/recommended", reader, params, latest).items
        # `recommend` has copies of all marks, and shows them with the latest ones that it was sent. Without
        # the latest ones of an owner its copies may be late: they are a gap.
        for kind in OWNERS.keys() - latest.keys() if reader else ():
            for post in posts:
                post.pop(kind, None)  # type: ignore[misc]
        return posts

    def post(self, post_id: str, reader: Reader | None) -> Post:
        # To everybody `posts` shows the same. The token goes along so that it is checked although the owners
        # of marks may be away.
        post = post_from_json(self._get(f"/posts/{post_id}", reader))
        return _with_marks([post], self._request_marks(reader, OWNERS, [post]))[0] if reader else post

    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        return self._request_marked("tags", f"/tags/{tag}", page, reader)

    def liked(self, page: Page, reader: Reader) -> Found[Post]:
        return self._request_marked("liked", "/likes", page, reader)

    def hidden(self, page: Page, reader: Reader) -> Found[Post]:
        return self._request_marked("hidden", "/hidden", page, reader)

    def likes(self, post_ids: Sequence[str], reader: Reader) -> Mapping[str, int]:
        params = {"posts": ",".join(post_ids)}
        responses = self._parallel.run(
            {"like": partial(self._request_from, "like", "/like-counts", reader, params)}
        )
        likes: dict[str, int] = responses["like"]["likes"] if responses else {}
        return likes

    def sign_out(self, reader: Reader) -> None:
        super().sign_out(reader)
        if claims := self.verifier.verify(reader.token):
            replicate_revocations(self._services, self._replication_secret, claims.expires)

    def profile(self, reader: Reader) -> Profile:
        calls = {name: partial(self._request_from, name, "/counts", reader) for name in COUNTING}
        profile = super().profile(reader)
        counts = {
            name: count
            for response in self._parallel.run(calls).values()
            for name, count in response["counts"].items()
        }
        return Profile(profile.username, profile.email, profile.created, counts)

    def health(self) -> dict[str, bool]:
        return self._services.health()

    def _request_visible(self, path: str, reader: Reader | None, params: Mapping[str, Any]) -> Found[Post]:
        """Request a page of posts without those that the reader hid."""
        if reader is None:
            return self._request_posts(path, None, params, {})
        latest = self._request_marks(reader, ["hidden"])
        found = self._request_posts(path, reader, params, latest)
        known = self._request_marks(reader, ["tags", "liked"], found.items)
        if "hidden" in latest:
            known["hidden"] = []  # of these posts none is hidden
        return replace(found, items=_with_marks(found.items, known))

    def _request_posts(
        self, path: str, reader: Reader | None, params: Mapping[str, Any], latest: Marks
    ) -> Found[Post]:
        """Request a page of posts that depends on the reader's marks, and send along the latest ones."""
        token = reader.token if reader else None
        own = header_of(_by_post(latest))
        return posts_from_json(
            self._services.call("GET", path, token=token, params=dict(params), headers=own).json()
        )

    def _request_marked(self, kind: str, path: str, page: Page, reader: Reader) -> Found[Post]:
        """Request a page of marked posts from the owner of the marks, with these marks, and the posts
        themselves from `posts`.
        """
        listed = self._get(path, reader, **paging(page))
        wanted = [each["_id"] for each in listed["_items"]]
        posts: dict[str, Post] = {}
        if wanted:
            where = {"where": _is_one_of("_id", wanted), "max_results": len(wanted)}
            found = posts_from_json(self._get("/posts", None, **where))
            posts = {post["_id"]: post for post in found.items}
        meta = listed["_meta"]
        there = [posts[post_id] for post_id in wanted if post_id in posts]
        known = self._request_marks(reader, [each for each in OWNERS if each != kind], there)
        known[kind] = [{"post": each["_id"], **each} for each in listed["_items"]]
        return Found(_with_marks(there, known), meta["total"], "total_relation" in meta)

    def _request_marks(
        self, reader: Reader, kinds: Iterable[str], posts: Sequence[Post] | None = None
    ) -> Marks:
        """Request the reader's marks on these posts from their owners; without `posts`, the latest ones."""
        if posts is not None and not posts:
            return {}
        params = {} if posts is None else {"posts": ",".join(post["_id"] for post in posts)}
        calls = {
            kind: partial(self._request_from, OWNERS[kind], f"/own-marks/{kind}", reader, params)
            for kind in kinds
        }
        return {kind: response["marks"] for kind, response in self._parallel.run(calls, OWNERS).items()}

    def _request_from(
        self, service: str, path: str, reader: Reader, params: dict[str, Any] | None = None
    ) -> Any:
        response = self._services.call_service(
            service, "GET", path, token=reader.token, params=params, read_seconds=PATIENCE
        )
        return response.json()


def _by_post(latest: Marks) -> dict[str, dict[str, Any]]:
    """Return the marks by post, the latest first; marks of one post are together."""
    marks = [(mark, kind) for kind, found in latest.items() for mark in found]
    by_post: dict[str, dict[str, Any]] = {}
    for mark, kind in sorted(marks, key=lambda each: each[0]["at"], reverse=True):
        by_post.setdefault(mark["post"], {}).update({"topic": mark["topic"], kind: mark[kind]})
    return by_post


def _with_marks(posts: list[Post], known: Marks) -> list[Post]:
    """Add marks to posts. Kinds that are not in `known` are left out."""
    by_kind = {kind: {mark["post"]: mark for mark in found} for kind, found in known.items()}
    for post in posts:
        mark = {
            kind: found[post["_id"]][kind] if post["_id"] in found else UNMARKED[kind]
            for kind, found in by_kind.items()
        }
        tags = sorted(mark["tags"]) if "tags" in mark else None
        put_mark(post, tags, mark.get("liked"), mark.get("hidden"))
    return posts


def _is_one_of(field: str, values: list[str]) -> str:
    return orjson.dumps({field: {"$in": values}}).decode()
