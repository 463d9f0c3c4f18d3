"""Sync loses no change when a taker dies before a delivery has arrived, and copies are complete."""

import json
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from step2_services.sync.relations import RELATIONS
from workshop.learn.observing.observed import Missing, Observed

TAKER = "search"
NAMED = 3
"""How many posts a message names."""


def nothing_is_lost_when_a_taker_dies(step: Observed) -> None:
    """A change arrives although `search` died before the delivery."""
    with step.without(TAKER):
        missed = _load_post(step)
        changed = datetime.now(UTC)
        step.eventually(lambda: _require_attempt(step, changed))
    later = _load_post(step)
    step.eventually(lambda: _require_found(step, later))
    if not _is_found(step, missed):
        raise Missing(
            f"Sync lost a change: post {missed} was loaded while `{TAKER}` was dead, {later} afterwards. "
            f"`{TAKER}` is back and has {later}, so sync thinks that it has all before it. "
            f"But it does not have {missed}."
        )


def copies_are_complete(step: Observed) -> None:
    """All copies of posts are there, also those that were lost before."""
    step.eventually(lambda: _require_complete(step))


def _load_post(step: Observed) -> str:
    """Load a post at its owner, and return its title, which is its id at the source and no word of others."""
    word = f"zq{secrets.token_hex(5)}"
    post = {"id": word, "title": word, "subreddit": "lost", "created_utc": int(datetime.now(UTC).timestamp())}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "post.ndjson")
        file.write_text(json.dumps(post) + "\n", "utf-8")
        step.workshop("load", "--step", str(step.step.number), "--file", str(file))
    return word


def _require_attempt(step: Observed, changed: datetime) -> None:
    """Require that sync has met the dead taker: it waits, or has passed over the change."""
    (sync, *_) = step.instances("sync")
    relation = step.json(f"{sync.url}/relations/{TAKER}.posts")
    reaches = relation["reaches"] and datetime.fromisoformat(relation["reaches"])
    if relation["state"] != "waits" and not (reaches and reaches > changed):
        raise Missing(f"Sync has not noticed that `{TAKER}` is dead.")


def _require_found(step: Observed, word: str) -> None:
    if not _is_found(step, word):
        raise Missing(f"`{TAKER}` does not get new posts: /relations may say why.")


def _is_found(step: Observed, word: str) -> bool:
    return bool(step.json(f"/search?q={word}")["_items"])


def _require_complete(step: Observed) -> None:
    with step.databases() as client:
        owned = {post["_id"] for post in client["step2_posts"]["posts"].find({}, {"_id": True})}
        for taker in sorted(each.taker for each in RELATIONS if each.what == "posts"):
            copied = {post["_id"] for post in client[f"step2_{taker}"]["posts"].find({}, {"_id": True})}
            if lost := sorted(owned - copied):
                raise Missing(
                    f"`{taker}` lacks {len(lost)} of {len(owned)} posts: {_some(lost)}. "
                    "Sync no longer loses changes, but what was lost does not come by itself:\n"
                    f"  cd work/2.3 && ./stones rebuild {taker}"
                )
            if removed := sorted(copied - owned):
                raise Missing(f"`{taker}` still has posts that were removed: {_some(removed)}.")


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:NAMED]) + (" …" if len(ids) > NAMED else "")
