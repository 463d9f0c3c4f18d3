"""Search has a third version beside the others, which gets all requests while people search."""

from itertools import zip_longest
from typing import Any

from kit.domain.posts.collection import NEWEST
from kit.domain.search.search import BEST_FIRST
from workshop.learn.observing.observed import Missing, Observed

ORDERS: dict[str, list[tuple[str, Any]]] = {
    "v1": list(NEWEST),
    "v2": BEST_FIRST,
    "v3": [("num_comments", -1), ("_id", 1)],
}
WRONG = {"ties": [("num_comments", -1), ("_id", -1)], "by time": [("num_comments", -1), ("created", -1)]}
"""Orders that are nearly that of v3. A word that tells the versions apart tells these apart as well."""

SHOWN = 50
SEARCHES = 20
AT_ONCE = 2


def three_versions_are_up(step: Observed) -> None:
    """v1, v2 and v3 of search are up, side by side."""
    for version in ORDERS:
        if version not in step.step.services["search"].versions:
            raise Missing(f"search has no version {version} in step.toml.")
        step.eventually(lambda version=version: step.instances("search", version))


def each_version_has_its_own_order(step: Observed) -> None:
    """Each version shows the matches in its own order."""
    word, expected = _telling_word(step)
    for version, ids in expected.items():
        path = f"/search?q={word}&max_results={SHOWN}"
        found = step.json(path, headers={"Service-Version": f"search={version}"})["_items"]
        for place, (shown, wanted) in enumerate(zip_longest([post["_id"] for post in found], ids), 1):
            if shown != wanted:
                raise Missing(
                    f"{version} has another order. In place {place} for the word {word} there should be "
                    f"{wanted or 'nothing'}, but there is {shown or 'nothing'}."
                )


def all_searches_get_v3(step: Observed) -> None:
    """All searches that name no version get v3."""
    if step.is_own:
        _share(step, v1=0, v2=0, v3=100)
    word, _ = _telling_word(step)
    others = {_version_of(step, word) for _ in range(SEARCHES)} - {"v3"}
    if others:
        raise Missing(
            f"Some searches get {' and '.join(sorted(others))}. Roll v3 out, in another terminal:\n"
            "  cd work/2.2 && ./stones versions search v1=0 v2=0 v3=100"
        )


def no_search_fails_meanwhile(step: Observed) -> None:
    """While v3 is rolled out, all versions get searches, and no search fails."""
    word, _ = _telling_word(step)
    _share(step, v1=0, v2=100, v3=0)
    with step.repeating(lambda: _version_of(step, word), AT_ONCE) as failures:
        _share(step, v1=33, v2=33, v3=34)
        for version in ORDERS:
            step.eventually(lambda version=version: _require_search_by(step, word, version))
        _share(step, v1=0, v2=0, v3=100)
        for _ in range(SEARCHES):
            _require_search_by(step, word, "v3")
    if failures:
        raise Missing(f"{len(failures)} searches failed: {failures[0]}")


def _telling_word(step: Observed) -> tuple[str, dict[str, list[str]]]:
    """Return a word for which each version shows other posts, or in another order, and the posts' ids by
    version.
    """
    words = {word.lower() for post in step.posts(50) for word in post["title"].split() if word.isalpha()}
    with step.databases() as client:
        posts = client["step2_search"]["posts"]
        for word in sorted(words):
            orders = {}
            for version, order in {**ORDERS, **WRONG}.items():
                fields = {"relevance": {"$meta": "textScore"}}
                found = posts.find({"$text": {"$search": word}}, fields).sort(order).limit(SHOWN)
                orders[version] = [str(post["_id"]) for post in found]
            if len({tuple(ids) for ids in orders.values()}) == len(orders):
                return word, {version: orders[version] for version in ORDERS}
    raise Missing("There are too few posts to tell the versions apart. `make run` loads the bundled ones.")


def _share(step: Observed, **shares: int) -> None:
    step.workshop("versions", "search", *(f"{version}={share}" for version, share in shares.items()))


def _require_search_by(step: Observed, word: str, version: str) -> None:
    if (found := _version_of(step, word)) != version:
        raise Missing(f"The searches go to {found}, but should go to {version}.")


def _version_of(step: Observed, word: str) -> str:
    """Search, and return the version that responded."""
    response = step.request("GET", f"/search?q={word}")
    if not response.ok:
        raise Missing(f"A search responded with {response.status_code}: {response.text[:200]}")
    return response.headers["Served-By"].split()[-1]
