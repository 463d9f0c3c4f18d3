"""Many readers at the same time: each response must be for the one who requested it, and for nobody else.

Each reader's marks are known exactly, as one thread at a time acts for a reader. So whatever of another
reader shows in a response, or of the reader's own is missing, is found.
"""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.support.browser import Browser
from tests.support.client import Client, Reader, new_reader
from tests.support.responses import expect

THREADS = 6
MARKS = {"tags", "liked", "hidden"}


@dataclass
class Known:
    """A reader by token and in a browser, and what they have done to the posts of this test."""

    reader: Reader
    browser: Browser
    tags: dict[str, set[str]] = field(default_factory=dict)
    liked: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def own_tag(self) -> str:
        """A tag that nobody else uses."""
        return self.reader.username.replace("_", "-")

    @property
    def tagged(self) -> set[str]:
        """The posts with that tag."""
        return {post for post, tags in self.tags.items() if self.own_tag in tags}

    def check(self, post: dict[str, Any]) -> None:
        """Raise AssertionError unless a post has exactly this reader's marks."""
        name = post["_id"]
        expected = (sorted(self.tags.get(name, ())), name in self.liked, name in self.hidden)
        assert (post["tags"], post["liked"], post["hidden"]) == expected, (self.reader.username, name)


def new_readers(url: str, count: int) -> list[Known]:
    """Return members, each of them also signed in with a browser."""
    readers = []
    for _ in range(count):
        reader, browser = new_reader(url), Browser(url)
        expect(browser.sign_in(reader.username), 303)
        readers.append(Known(reader, browser))
    return readers


def mingle(url: str, readers: Sequence[Known], posts: Sequence[str], word: str, rounds: int) -> None:
    """Let all readers and a visitor do all verbs in a random order, `rounds` times, several at once.

    `posts` are ids of posts that have `word`. Raises AssertionError for the first wrong response.
    """
    names = {each.reader.username for each in readers}

    def act(seed: int) -> None:
        drawn = random.Random(seed)
        for _ in range(rounds):
            known = drawn.choice(readers)
            post = drawn.choice(posts)
            with known.lock:
                drawn.choice((_change, _read, _read, _browse))(known, post, word, drawn, names)
            _visit(Client(url), word)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(act, seed) for seed in range(THREADS)]:
            done.result()


def _change(known: Known, post: str, _word: str, drawn: random.Random, _names: set[str]) -> None:
    reader, own, other = known.reader, known.own_tag, "shared-by-all"
    kind = drawn.choice(("tag", "like", "hide"))
    method = drawn.choice(("PUT", "DELETE"))
    is_set = method == "PUT"
    if kind == "tag":
        tag = drawn.choice((own, other))
        tags = known.tags.setdefault(post, set())
        tags.add(tag) if is_set else tags.discard(tag)
        done = expect(reader.request(method, f"/posts/{post}/tags/{tag}"), 200).json()
        assert done == {"post": post, "tags": sorted(tags)}
        return
    marked = known.liked if kind == "like" else known.hidden
    marked.add(post) if is_set else marked.discard(post)
    done = expect(reader.request(method, f"/posts/{post}/{kind}"), 200).json()
    assert done["liked" if kind == "like" else "hidden"] is is_set


def _read(known: Known, post: str, word: str, drawn: random.Random, _names: set[str]) -> None:
    reader = known.reader
    reads: dict[str, Callable[[], None]] = {
        "list": lambda: _check_page(known, reader.items("/", max_results=50), hides=True),
        "search": lambda: _check_page(known, reader.items("/search", q=word, max_results=50), hides=True),
        "recommended": lambda: _check_page(known, reader.items("/recommended"), hides=True),
        "show": lambda: known.check(reader.json(f"/posts/{post}")),
        "likes": lambda: _check_list(known, "/likes", known.liked),
        "hidden": lambda: _check_list(known, "/hidden", known.hidden),
        "tagged": lambda: _check_list(known, f"/tags/{known.own_tag}", known.tagged),
        "tags": lambda: _check_tags(known),
        "me": lambda: _check_profile(known),
    }
    reads[drawn.choice(sorted(reads))]()


def _check_page(known: Known, posts: list[dict[str, Any]], *, hides: bool) -> None:
    for post in posts:
        known.check(post)
    if hides:
        assert known.hidden.isdisjoint(post["_id"] for post in posts), known.reader.username


def _check_list(known: Known, path: str, expected: set[str]) -> None:
    posts = known.reader.items(path, max_results=50)
    assert {post["_id"] for post in posts} == expected, (path, known.reader.username)
    _check_page(known, posts, hides=False)


def _check_tags(known: Known) -> None:
    counts: dict[str, int] = {}
    for tag in (tag for tags in known.tags.values() for tag in tags):
        counts[tag] = counts.get(tag, 0) + 1
    assert {each["tag"]: each["count"] for each in known.reader.items("/tags")} == counts


def _check_profile(known: Known) -> None:
    profile = known.reader.json("/me")
    counts = {name: profile["counts"][name] for name in ("tags", "likes", "hidden")}
    tags = set().union(*known.tags.values())
    assert profile["username"] == known.reader.username
    assert counts == {"tags": len(tags), "likes": len(known.liked), "hidden": len(known.hidden)}


def _browse(known: Known, post: str, word: str, drawn: random.Random, names: set[str]) -> None:
    path = drawn.choice(
        ("/", f"/search?q={word}", "/recommended", f"/posts/{post}", "/tags", "/likes", "/me")
    )
    text = expect(known.browser.get(path), 200).text
    strangers = names - {known.reader.username}
    assert known.reader.username in text, path
    assert not [name for name in strangers if name in text or name.replace("_", "-") in text], path


def _visit(visitor: Client, word: str) -> None:
    for post in visitor.items("/search", q=word, max_results=50):
        assert MARKS.isdisjoint(post), post["_id"]
