"""Storage: what each post, and each mark of a reader, takes on disk in all stores of a step together."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pymongo import MongoClient

from workshop import state
from workshop.compare.costs.lag import FIRST_NEW
from workshop.compare.gains.lengths import STEPS, start_seconds
from workshop.compare.observations import Observation, Storage
from workshop.compare.system.arms import Running, running
from workshop.compare.system.cores import ALL
from workshop.compare.workload.corpus import newest_posts
from workshop.compare.workload.face import Face, several
from workshop.compare.workload.mix import TAGS
from workshop.compare.workload.readers import new_account
from workshop.load.generate import posts as generated
from workshop.steps import read_step
from workshop.stores.mongod import Mongod
from workshop.testbed.process import NotMeasured

POSTS = 3000
READERS = 8
MARKED = 25
"""Posts that each reader likes and tags."""

UNCHANGED_SECONDS, TIMEOUT_SECONDS, POLL_SECONDS = 3.0, 60.0, 0.5
MEASURING_SECONDS = 18.0
MONGODS_OWN = {"admin", "config", "local"}

Sizes = dict[str, int]
"""Bytes on disk by store."""


def seconds(quick: bool, arms: Sequence[str] = STEPS) -> float:
    """Return how long the experiment takes, about."""
    return start_seconds(arms) + len(arms) * MEASURING_SECONDS


def storage(arms: Sequence[str], record: Callable[[Observation], None]) -> None:
    """Measure each arm, started for this alone. Raises NotMeasured."""
    for arm in arms:
        with running(arm) as up:
            up.use(ALL)
            record(measure(up))


def measure(up: Running) -> Storage:
    """Return what new posts and marks add. Raises NotMeasured if copies do not end within a minute."""
    with Mongod().admin() as client:
        before = _settled(client)
        client[read_step(up.step).posts].posts.insert_many(generated(FIRST_NEW + POSTS, start=FIRST_NEW))
        with_posts = _settled(client)
        marks = sum(several(lambda _: _mark(up.url), range(READERS)))
        with_marks = _settled(client)
    return Storage(
        arm=up.arm,
        posts=POSTS,
        marks=marks,
        post_bytes=_each(before, with_posts, POSTS),
        mark_bytes=_each(with_posts, with_marks, marks),
    )


def _mark(url: str) -> int:
    """Let a new reader like and tag posts. Return how many marks that are."""
    reader = Face(url, new_account(url).token)
    posts = newest_posts(url)[:MARKED]
    for number, post in enumerate(posts):
        reader.request("PUT", f"/posts/{post}/like")
        reader.request("PUT", f"/posts/{post}/tags/{TAGS[number % len(TAGS)]}")
    return 2 * len(posts)


def _settled(client: MongoClient[dict[str, Any]]) -> Sizes:
    """Return the sizes once nothing is added any more, as copies arrive later."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    last, since = None, time.monotonic()
    while time.monotonic() - since < UNCHANGED_SECONDS:
        if time.monotonic() > deadline:
            raise NotMeasured(f"Stores still grew after {TIMEOUT_SECONDS:.0f} s.")
        now = sum(each["objects"] for each in _databases(client)), _nats_bytes()
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(POLL_SECONDS)
    client.admin.command("fsync")
    return {"mongod": sum(each["totalSize"] for each in _databases(client)), "nats-server": _nats_bytes()}


def _databases(client: MongoClient[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {*client.list_database_names()} - MONGODS_OWN
    return [client[name].command("dbStats") for name in sorted(names)]


def _nats_bytes() -> int:
    """Return what the streams and rivers have on disk."""
    folder = state.folder() / "nats"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _each(before: Sizes, after: Sizes, count: int) -> dict[str, float]:
    """Return what one of so many has added, by store."""
    added = Counter({store: size - before[store] for store, size in after.items()})
    return {store: bytes_ / count for store, bytes_ in added.items() if bytes_ > 0}
