"""The store over services: step 1's for pages that one service responds with, and code for all others.

Readers see what they have done at once, although the services' copies are up to a second late:

- the reader's marks on the posts of a page are requested from their owners: tag, like and hide;
- the reader's recent marks are sent along with requests that depend on them, see `step2_services.own_marks`.

Where one of those is away the page has a gap (`kit.http.gaps`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from kit.domain.marks.documents import put_mark
from kit.domain.posts.documents import Post
from kit.http.collections import Found, Page
from kit.http.problems import DependencyTimeout, DependencyUnavailable, SignedOut
from kit.tokens import Verifier
from step0_monolith.store import Profile, Reader
from step1_rest.store import RestStore, paging, post_from_json, posts_from_json
from step2_services.own_marks import header_of
from step2_services.web.parallel import ParallelCalls
from step2_services.web.routes import Routed

MARKS = {"tag": "tags", "like": "liked", "hide": "hidden"}
"""The field of a mark that each service owns."""

UNMARKED: dict[str, Any] = {"tags": [], "liked": False, "hidden": False}
COUNTING = ("tag", "like", "hide", "share")
LATEST = 50
"""How many of a reader's latest marks are requested from each owner: more than a reader can make while copies
are late.
"""

PATIENCE = 2.0
"""How many seconds to wait for a part that a page can do without."""


class ServicesStore(RestStore):
    """Store, over services."""

    def __init__(self, api: Routed, verifier: Verifier, secret: str = "") -> None:
        super().__init__(api, verifier, secret)
        self._services = api
        self._parallel = ParallelCalls()

    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        return self._request_with_latest_marks("/posts", reader, ["hide"], paging(page))

    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        return self._request_with_latest_marks("/search", reader, ["hide"], {**paging(page), "q": query})

    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        return self._request_with_latest_marks(
            "/recommended", reader, MARKS, {"topic": topic} if topic else {}
        ).items

    def post(self, post_id: str, reader: Reader | None) -> Post:
        post = post_from_json(self._get(f"/posts/{post_id}", None))
        return self._with_marks([post], reader)[0]

    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        return self._request_marked_posts(f"/tags/{tag}", page, reader)

    def liked(self, page: Page, reader: Reader) -> Found[Post]:
        return self._request_marked_posts("/likes", page, reader)

    def hidden(self, page: Page, reader: Reader) -> Found[Post]:
        return self._request_marked_posts("/hidden", page, reader)

    def likes(self, post_ids: Sequence[str], reader: Reader) -> Mapping[str, int]:
        params = {"posts": ",".join(post_ids)}
        responses = self._parallel.run(
            {"like": partial(self._request_from, "like", "/like-counts", reader, params)}
        )
        likes: dict[str, int] = responses["like"]["likes"] if responses else {}
        return likes

    def profile(self, reader: Reader) -> Profile:
        calls = {name: partial(self._request_from, name, "/counts", reader) for name in COUNTING}
        profile = super().profile(reader)
        counts = {
            name: count
            for response in self._parallel.run(calls).values()
            for name, count in response["counts"].items()
        }
        return Profile(profile.username, profile.email, profile.created, counts)

    def authenticate(self, token: str) -> Reader | None:
        """Return whose a token is.

        Only `members` knows that a token was revoked a moment ago. If it is away, the token itself is enough:
        each service also checks its own copy of the list of revoked tokens.
        """
        reader = super().authenticate(token)
        if reader is not None:
            try:
                self._services.call_service(
                    "members", "GET", "/tokens/current", token=token, read_seconds=PATIENCE
                )
            except SignedOut:
                return None
            except (DependencyUnavailable, DependencyTimeout):
                pass
        return reader

    def health(self) -> dict[str, bool]:
        return self._services.health()

    def _request_with_latest_marks(
        self, path: str, reader: Reader | None, owners: Iterable[str], params: Mapping[str, Any]
    ) -> Found[Post]:
        """Request a page of posts that depends on the reader's marks, and send along their latest ones, which
        `owners` know.
        """
        own = header_of(self._request_latest_marks(reader, owners)) if reader else {}
        token = reader.token if reader else None
        response = self._services.call("GET", path, token=token, params=dict(params), headers=own)
        found = posts_from_json(response.json())
        return replace(found, items=self._with_marks(found.items, reader))

    def _request_marked_posts(self, path: str, page: Page, reader: Reader) -> Found[Post]:
        """Request a page of marked posts from the owner of the marks, and the posts themselves from
        `posts`.
        """
        known = self._get(path, reader, **paging(page))
        wanted = [each["_id"] for each in known["_items"]]
        posts: dict[str, Post] = {}
        if wanted:
            where = {"where": _is_one_of("_id", wanted), "max_results": len(wanted)}
            found = posts_from_json(self._get("/posts", None, **where))
            posts = {post["_id"]: post for post in found.items}
        meta = known["_meta"]
        there = [posts[post_id] for post_id in wanted if post_id in posts]
        return Found(self._with_marks(there, reader), meta["total"], "total_relation" in meta)

    def _request_latest_marks(self, reader: Reader, owners: Iterable[str]) -> dict[str, dict[str, Any]]:
        params = {"sort": "-at", "max_results": LATEST}
        calls = {name: partial(self._request_from, name, "/marks", reader, params) for name in owners}
        marks = [
            (mark["at"], mark["post"], {"topic": mark["topic"], MARKS[name]: mark[MARKS[name]]})
            for name, response in self._parallel.run(calls).items()
            for mark in response["_items"]
            if MARKS[name] in mark
        ]
        latest: dict[str, dict[str, Any]] = {}
        for _, post, mark in sorted(marks, key=lambda each: each[0], reverse=True):
            latest.setdefault(post, {}).update(mark)
        return latest

    def _with_marks(self, posts: list[Post], reader: Reader | None) -> list[Post]:
        """Request the reader's marks on these posts from their owners, and add them to the posts."""
        if not reader or not posts:
            return posts
        params = {"where": _is_one_of("post", [post["_id"] for post in posts]), "max_results": LATEST}
        calls = {name: partial(self._request_from, name, "/marks", reader, params) for name in MARKS}
        known = {
            MARKS[name]: {mark["post"]: mark.get(MARKS[name]) for mark in response["_items"]}
            for name, response in self._parallel.run(calls).items()
        }
        for post in posts:
            mark = {kind: marks.get(post["_id"]) or UNMARKED[kind] for kind, marks in known.items()}
            tags = sorted(mark["tags"]) if "tags" in mark else None
            put_mark(post, tags, mark.get("liked"), mark.get("hidden"))
        return posts

    def _request_from(
        self, service: str, path: str, reader: Reader, params: dict[str, Any] | None = None
    ) -> Any:
        response = self._services.call_service(
            service, "GET", path, token=reader.token, params=params, read_seconds=PATIENCE
        )
        return response.json()


def _is_one_of(field: str, values: list[str]) -> str:
    return orjson.dumps({field: {"$in": values}}).decode()
