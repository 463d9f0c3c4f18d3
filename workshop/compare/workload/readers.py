"""The readers of a load. Each has marked a few posts."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Account:
    """A reader who has just signed up and in: what they sign in with, and their token."""

    credentials: Mapping[str, str]
    token: str


def new_account(base: str) -> Account:
    """Sign up a reader with a name that nobody has, and sign them in. Raises NotMeasured."""
    credentials = {"username": f"load_{secrets.token_hex(8)}", "password": secrets.token_urlsafe(16)}
    visitor = Face(base)
    visitor.request("POST", "/signup", credentials)
    return Account(credentials, str(visitor.request("POST", "/login", credentials)["token"]))


def _new_reader(base: str, rng: Random, posts: Sequence[str]) -> str:
    token = new_account(base).token
    reader = Face(base, token)
    for post in rng.sample(posts, min(TAGGED, len(posts))):
        reader.request("PUT", f"/posts/{post}/tags/{rng.choice(TAGS)}")
    for post in rng.sample(posts, min(LIKED, len(posts))):
        reader.request("PUT", f"/posts/{post}/like")
    return token
