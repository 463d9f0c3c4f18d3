"""The requests of every verb, for probes: the same at all steps."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from workshop.compare.probing.probe import JSON, Request
from workshop.compare.workload.corpus import newest_posts
from workshop.compare.workload.readers import Account, new_account
from workshop.local_http import request
from workshop.testbed.process import NotMeasured

WORDS = (
    *("error", "server", "file", "test", "function", "user", "project", "request", "service", "database"),
    *("script", "query", "version", "page", "record", "list", "object", "class", "process", "thread"),
)
POSTS = 100
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Scene:
    """What the requests of a trial are about: a reader, and posts."""

    reader: Account
    posts: Sequence[str]

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the reader's requests."""
        return {**JSON, "Authorization": f"Bearer {self.reader.token}"}

    def as_reader(
        self,
        verb: str,
        rate: float,
        paths: Sequence[str],
        method: str = "GET",
        *,
        body: Mapping[str, Any] | None = None,
        expected: str = "",
    ) -> Request:
        """Return requests by the reader."""
        return Request(verb, rate, paths, method, body, self.headers, expected)


def scene_of(url: str) -> Scene:
    """Sign up a reader, and find posts. Raises NotMeasured."""
    return Scene(new_account(url), newest_posts(url, POSTS))


def searches(scene: Scene, rate: float) -> Request:
    """Return searches by the reader, whom no cache serves, for words that many posts have."""
    return scene.as_reader("search", rate, [f"/search?q={word}" for word in WORDS], expected="marks")


def page_verbs(scene: Scene, rate: float) -> list[Request]:
    """Return the verbs that show posts, each at this rate, as requests by the reader."""
    return [
        searches(scene, rate),
        scene.as_reader("list", rate, ["/", "/?page=2"], expected="marks"),
        scene.as_reader("recommend", rate, ["/recommended"], expected="marks"),
        scene.as_reader("show", rate, [f"/posts/{each}" for each in scene.posts], expected="marks"),
    ]


def all_verbs(scene: Scene, rate: float, pictures: Sequence[str]) -> list[Request]:
    """Return all verbs, each at this rate. Pictures are those of the posts given."""
    posts = [f"/posts/{each}" for each in scene.posts[25:]]
    return [
        *page_verbs(scene, rate),
        scene.as_reader("profile", rate, ["/me"], expected="counts"),
        scene.as_reader("tag", rate, [f"{each}/tags/probe" for each in posts], "PUT"),
        scene.as_reader("like", rate, [f"{each}/like" for each in posts], "PUT"),
        scene.as_reader("hide", rate, [f"{each}/hide" for each in posts], "DELETE"),
        share_verb(scene, rate),
        Request("image", rate, [f"/images/{each}" for each in pictures]),
        Request("sign in", rate, ["/login"], "POST", scene.reader.credentials),
    ]


def share_verb(scene: Scene, rate: float) -> Request:
    """Return requests that mail posts."""
    body = {"to": "friend@example.org", "note": "have a look"}
    return scene.as_reader("share", rate, [f"/posts/{each}/share" for each in scene.posts], "POST", body=body)


def await_picture(url: str, post: str) -> None:
    """Wait until the picture of a post is shown: until every part knows the post. Raises NotMeasured."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(requests.RequestException):
            if all(request(url + path, timeout=15).ok for path in (f"/images/{post}", f"/posts/{post}")):
                return
        time.sleep(0.2)
    raise NotMeasured(f"The picture of {post} was not shown within {PATIENCE_SECONDS:.0f} s.")
