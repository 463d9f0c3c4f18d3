"""A new view suggests authors; nothing else has changed, and nothing depends on it."""

import tomllib
from collections import Counter
from pathlib import Path

from workshop.learn.observing.observed import Missing, Observed, Reader

ORIGINAL = Path(__file__).parents[2]
"""The step's folder as it is without the exercise."""

MANIFEST = "step.toml"
PATH = "/suggested-authors"
LIKED = 5
"""How many posts the rules like."""

Authors = list[dict[str, object]]


def step_has_another_service(step: Observed) -> None:
    """The step has one service more than before, and it is up."""
    service = _service(step)
    step.eventually(lambda: step.instances(service))


def authors_are_suggested(step: Observed) -> None:
    """GET /suggested-authors responds with the authors of the posts that the reader likes."""
    if (status := step.request("GET", PATH).status_code) != 401:
        raise Missing(f"GET {PATH} without a token gets {status}, and not 401.")
    reader = step.sign_up()
    _compare(step, reader, [])
    posts = _posts(step)
    for post in posts[:LIKED]:
        step.json(f"/posts/{post}/like", method="PUT", reader=reader)
    _compare(step, reader, posts[:LIKED])
    step.json(f"/posts/{posts[0]}/like", method="DELETE", reader=reader)
    _compare(step, reader, posts[1:LIKED])


def history_fills_the_ponds(step: Observed) -> None:
    """The ponds fill from history: what readers liked before counts, too."""
    _like(step, step.reader, LIKED)
    _compare(step, step.reader, _posts(step)[:LIKED])
    step.workshop("rebuild", "--step", "3", _service(step), "--empty")
    _compare(step, step.reader, _posts(step)[:LIKED])


def killed_service_catches_up(step: Observed) -> None:
    """After a kill it comes back, and shows also what readers liked meanwhile."""
    step.kill(_service(step))
    _like(step, step.reader, LIKED + 1)
    _compare(step, step.reader, _posts(step)[: LIKED + 1])


def everything_else_works_without_it(step: Observed) -> None:
    """While it hangs, lists, searches and recommendations work, and readers can like and tag."""
    post = _posts(step)[LIKED + 1]
    with step.suspended(_service(step)):
        for path in ("/", "/search?q=the+python", "/recommended", "/likes", "/me"):
            step.json(path, reader=step.reader)
        _like(step, step.reader, LIKED + 2)
        step.json(f"/posts/{post}/tags/meanwhile", method="PUT", reader=step.reader)
        step.eventually(lambda: _require_liked(step, post))
    _compare(step, step.reader, _posts(step)[: LIKED + 2])


def no_old_file_was_touched(step: Observed) -> None:
    """No old file has changed but step.toml."""
    for path in sorted(ORIGINAL.rglob("*")):
        name = path.relative_to(ORIGINAL)
        if not path.is_file() or {"exercises", "__pycache__"} & {*name.parts} or str(name) == MANIFEST:
            continue
        copy = step.folder / name
        if not copy.is_file():
            raise Missing(f"{name} is gone.")
        if copy.read_bytes() != path.read_bytes():
            raise Missing(f"{name} differs from the original. The new service needs no change to it.")


def _service(step: Observed) -> str:
    """Return the name of the service that the learner has added."""
    before = tomllib.loads((ORIGINAL / MANIFEST).read_text("utf-8"))["service"]
    added = sorted(step.step.services.keys() - before.keys())
    if not added:
        raise Missing(
            "step.toml has the same services as before. Add a section [service.NAME] with kind and port."
        )
    if len(added) > 1:
        raise Missing(f"step.toml has {len(added)} more services: {', '.join(added)}. One is enough.")
    return added[0]


def _compare(step: Observed, reader: Reader, posts: list[str]) -> None:
    """Wait until the suggested authors are those of these posts."""
    likes = Counter(str(step.json(f"/posts/{post}")["author"]) for post in posts)
    ranked = sorted(likes, key=lambda author: (-likes[author], author))
    expected = [{"author": author, "likes": likes[author]} for author in ranked]

    def compare() -> None:
        found = step.json(PATH, reader=reader)
        if found != {"authors": expected}:
            raise Missing(f"GET {PATH} responded with {found}, and not with {{'authors': {expected}}}.")

    step.eventually(compare)


def _posts(step: Observed) -> list[str]:
    """Return posts that the rules like: of some authors more than one, of others one."""
    with step.databases() as client:
        found = client["step3_posts"]["posts"].find({"author": {"$regex": "^[a-z]"}}, {"author": True})
        return [str(each["_id"]) for each in found.sort([("author", 1), ("_id", 1)]).limit(LIKED + 3)]


def _like(step: Observed, reader: Reader, count: int) -> None:
    """Like the first posts of the rules. Views may show it later."""
    for post in _posts(step)[:count]:
        path = f"/posts/{post}/like"
        step.json(path, method="PUT", reader=reader, headers={"Prefer": "respond-async"})


def _require_liked(step: Observed, post: str) -> None:
    if not step.json(f"/posts/{post}", reader=step.reader).get("liked"):
        raise Missing(f"A like of {post} is not shown in lists while the new service hangs.")
