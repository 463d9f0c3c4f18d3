"""The readers of a load. Each has marked a few posts."""

import secrets
from collections.abc import Sequence
from random import Random

from workshop.compare.workload.corpus import newest_posts
from workshop.compare.workload.face import Face, several
from workshop.compare.workload.mix import TAGS

TAGGED = 3
LIKED = 3


def sign_up(base: str, count: int, seed: int, posts: Sequence[str] | None = None) -> list[str]:
    """Sign up so many readers with names that nobody has, and return their tokens, which are valid for an
    hour.

    Each tags and likes a few of `posts`, by default of the newest. The same seed chooses the same posts at
    every step. Raises NotMeasured.
    """
    among = posts if posts is not None else newest_posts(base)
    return several(lambda number: _new_reader(base, Random(f"{seed}:{number}"), among), range(count))  # noqa: S311


def _new_reader(base: str, rng: Random, posts: Sequence[str]) -> str:
    account = {"username": f"load_{secrets.token_hex(8)}", "password": secrets.token_urlsafe(16)}
    visitor = Face(base)
    visitor.request("POST", "/signup", account)
    token = str(visitor.request("POST", "/login", account)["token"])
    reader = Face(base, token)
    for post in rng.sample(posts, min(TAGGED, len(posts))):
        reader.request("PUT", f"/posts/{post}/tags/{rng.choice(TAGS)}")
    for post in rng.sample(posts, min(LIKED, len(posts))):
        reader.request("PUT", f"/posts/{post}/like")
    return token
