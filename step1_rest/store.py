"""The store of step 1: it sends the seam's queries and commands to the API as requests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kit.clients.rest import Api
from kit.domain.marks.documents import TagCount
from kit.domain.pictures.documents import Image
from kit.domain.posts.documents import Post
from kit.http.collections import Found, Page
from kit.http.headers import FACE_SECRET, FORWARDED_FOR
from kit.http.problems import NameTaken, Problem, SignedOut, Unprocessable, WrongCredentials
from kit.tokens import Verifier
from step0_monolith.store import Profile, Reader, Session

EVES_OWN = ("_created", "_updated")


class RestStore:
    """Store, over REST. It verifies tokens itself. The API refuses a revoked token when it is used."""

    def __init__(self, api: Api, verifier: Verifier, secret: str = "") -> None:
        self.api = api
        self.verifier = verifier
        self.secret = secret

    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        return self._page("/posts", page, reader)

    def post(self, post_id: str, reader: Reader | None) -> Post:
        return post_from_json(self._get(f"/posts/{post_id}", reader))

    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        return self._page("/search", page, reader, q=query)

    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        found = self._get("/recommended", reader, **({"topic": topic} if topic else {}))
        return [post_from_json(each) for each in found["_items"]]

    def topics(self) -> list[str]:
        topics: list[str] = self._get("/topics", None)["topics"]
        return topics

    def sign_up(self, username: str, password: str, email: str | None) -> None:
        member = {"_id": username, "password": password, "email": email}
        try:
            self.api.call("POST", "/members", json=member)
        except Unprocessable as error:
            issues = {"username" if field == "_id" else field: why for field, why in error.issues.items()}
            raise Unprocessable(issues) from error
        except NameTaken as error:
            raise NameTaken(username) from error

    def sign_in(self, username: str, password: str, address: str) -> Session:
        forwarded = {FACE_SECRET: self.secret, FORWARDED_FOR: address}
        wanted = {"username": username, "password": password}
        try:
            made = self.api.call("POST", "/tokens", json=wanted, headers=forwarded).json()
        except SignedOut as error:
            raise WrongCredentials(str(error)) from error
        return Session(made["token"], made["expires"])

    def sign_out(self, reader: Reader) -> None:
        self.api.call("DELETE", "/tokens/current", token=reader.token)

    def authenticate(self, token: str) -> Reader | None:
        claims = self.verifier.verify(token)
        return Reader(claims.username, token) if claims else None

    def profile(self, reader: Reader) -> Profile:
        return Profile(**self._get("/me", reader))

    def tag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        tags: list[str] = self._mark("PUT", f"/posts/{post_id}/tags/{tag}", reader)["tags"]
        return tags

    def untag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        tags: list[str] = self._mark("DELETE", f"/posts/{post_id}/tags/{tag}", reader)["tags"]
        return tags

    def tags(self, page: Page, reader: Reader) -> Found[TagCount]:
        return _found(self._get("/tags", reader, **paging(page)))

    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        return self._page(f"/tags/{tag}", page, reader)

    def liked(self, page: Page, reader: Reader) -> Found[Post]:
        return self._page("/likes", page, reader)

    def hidden(self, page: Page, reader: Reader) -> Found[Post]:
        return self._page("/hidden", page, reader)

    def likes(self, post_ids: Sequence[str], reader: Reader) -> Mapping[str, int]:
        likes: dict[str, int] = self._get("/like-counts", reader, posts=",".join(post_ids))["likes"]
        return likes

    def like(self, post_id: str, liked: bool, reader: Reader) -> int:
        likes: int = self._mark("PUT" if liked else "DELETE", f"/posts/{post_id}/like", reader)["likes"]
        return likes

    def hide(self, post_id: str, hidden: bool, reader: Reader) -> None:
        self._mark("PUT" if hidden else "DELETE", f"/posts/{post_id}/hide", reader)

    def share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        shared = {"to": to, "note": note}
        made = self.api.call("POST", f"/posts/{post_id}/share", token=reader.token, json=shared)
        return str(made.json()["share"])

    def image(self, post_id: str) -> Image:
        found = self.api.call("GET", f"/images/{post_id}", headers={"Accept": "*/*"})
        return Image(found.content, found.headers["Content-Type"], found.headers["ETag"].strip('"'))

    def health(self) -> dict[str, bool]:
        try:
            parts = self.api.health()
        except Problem:
            return {"api": False}
        return {"api": True, **parts}

    def _get(self, path: str, reader: Reader | None, **params: Any) -> Any:
        return self.api.call("GET", path, token=reader.token if reader else None, params=params).json()

    def _page(self, path: str, page: Page, reader: Reader | None, **params: Any) -> Found[Post]:
        return posts_from_json(self._get(path, reader, **paging(page), **params))

    def _mark(self, method: str, path: str, reader: Reader) -> Any:
        return self.api.call(method, path, token=reader.token).json()


def paging(page: Page) -> dict[str, int]:
    """Return the query parameters for a page."""
    return {"page": page.number, "max_results": page.size}


def _found(payload: dict[str, Any]) -> Found[Any]:
    meta = payload["_meta"]
    return Found(payload["_items"], meta["total"], "total_relation" in meta, meta.get("reason"))


def posts_from_json(payload: dict[str, Any]) -> Found[Post]:
    """Return a page of posts in the form of the seam, from the API's response."""
    found = _found(payload)
    return replace(found, items=[post_from_json(each) for each in found.items])


def post_from_json(payload: Any) -> Post:
    """Return a post in the form of the seam, without Eve's own fields."""
    for name in EVES_OWN:
        payload.pop(name, None)
    post: Post = payload
    return post
