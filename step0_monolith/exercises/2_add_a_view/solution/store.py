"""The seam: the queries and commands that the web face sends to the store, whatever that is.

`create_app(store)` knows this interface and nothing behind it. Here a MongoDB database is behind it (see the
`mongo` package beside this file); in later steps a REST API, a set of services or an event-driven gateway do.

Values that cross the seam are plain and ready for JSON: a post is a dictionary with the fields of `Post`,
`created` is text in ISO 8601, UTC. Every method may raise `DependencyUnavailable` or `DependencyTimeout` (see
`kit.http.problems`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kit.domain.marks.documents import TagCount
from kit.domain.pictures.documents import Image
from kit.domain.posts.documents import Post
from kit.http.collections import Found, Page


@dataclass(frozen=True)
class Reader:
    """A reader who has signed in. `token` proves it, and is passed on."""

    username: str
    token: str


@dataclass(frozen=True)
class Session:
    """The result of a sign-in: the bearer token and when it expires (ISO 8601, UTC)."""

    token: str
    expires: str


@dataclass(frozen=True)
class Profile:
    """A member as they see themselves; `counts` has tags, likes, hidden and shares."""

    username: str
    email: str | None
    created: str
    counts: Mapping[str, int]


class Store(Protocol):
    """The application's queries and commands. `reader` is None for a visitor who has not signed in."""

    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        """List posts newest first, those of one moment by `_id`, without what the reader hid."""

    def by_author(self, author: str, page: Page, reader: Reader | None) -> Found[Post]:
        """List an author's posts newest first, without what the reader hid."""

    def post(self, post_id: str, reader: Reader | None) -> Post:
        """Find a post. Raises NotFound."""

    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        """Search title and text, best first, and equal ones by `_id`, without what the reader hid."""

    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        """Recommend at most RECOMMENDED posts with a score over 50, in the order of the contract."""

    def topics(self) -> list[str]:
        """List the topics that have posts, in alphabetical order, for people to choose from."""

    def sign_up(self, username: str, password: str, email: str | None) -> None:
        """Add a member. Raises NameTaken."""

    def sign_in(self, username: str, password: str, address: str) -> Session:
        """Check a password and return a token. Raises WrongCredentials, or TooManyRequests for `address`."""

    def sign_out(self, reader: Reader) -> None:
        """Revoke the reader's token."""

    def authenticate(self, token: str) -> Reader | None:
        """Return whose the token is; None if it is unknown or has expired."""

    def profile(self, reader: Reader) -> Profile:
        """Return what the reader's own page shows."""

    def tag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """Put a tag on a post, and return all the reader's tags on it. Raises NotFound, Unprocessable when
        full.
        """

    def untag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """Take a tag off a post, and return the tags left. Raises NotFound."""

    def tags(self, page: Page, reader: Reader) -> Found[TagCount]:
        """Count the reader's tags, most used first."""

    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        """List the posts that the reader put this tag on, newest first."""

    def liked(self, page: Page, reader: Reader) -> Found[Post]:
        """List the posts the reader likes, the latest liked first."""

    def hidden(self, page: Page, reader: Reader) -> Found[Post]:
        """List the posts the reader hid, the latest hidden first."""

    def likes(self, post_ids: Sequence[str], reader: Reader) -> Mapping[str, int]:
        """Count how many readers like each of these posts, a page of them at most; 0 may be left out."""

    def like(self, post_id: str, liked: bool, reader: Reader) -> int:
        """Like a post or stop liking it, and return how many readers like it now. Raises NotFound."""

    def hide(self, post_id: str, hidden: bool, reader: Reader) -> None:
        """Hide a post from the reader's list, search and recommendations, or show it. Raises NotFound."""

    def share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        """Mail the post, and return the share's id. Raises NotFound, TooManyRequests."""

    def image(self, post_id: str) -> Image:
        """Return the post's picture, fetched or cached. Raises NotFound."""

    def health(self) -> dict[str, bool]:
        """Return each part by name, and whether it responds. Never raises."""
