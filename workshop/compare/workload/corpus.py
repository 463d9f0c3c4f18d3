"""What a load asks for: the newest posts of a step, and words that they contain."""

import re
from collections import Counter

from workshop.compare.workload.face import Face, several
from workshop.compare.workload.mix import search_path

NEWEST = 200
PAGE = 50
SHORTEST = 4
WORD = re.compile(rf"[a-z]{{{SHORTEST},}}")


def newest_posts(base: str, count: int = NEWEST) -> list[str]:
    """Return the ids of the newest posts, or of all if there are fewer. Raises NotMeasured."""
    return [str(post["_id"]) for post in _newest(base, count)]


def search_words(base: str, count: int) -> list[str]:
    """Return words of the newest posts' titles that a search finds, the most frequent first. Raises
    NotMeasured.
    """
    titles = [str(post["title"]).lower() for post in _newest(base, 4 * NEWEST)]
    frequent = Counter(word for title in titles for word in {*WORD.findall(title)})
    words = sorted(frequent, key=lambda word: (-frequent[word], word))
    visitor = Face(base)
    found: list[str] = []
    for word in words:
        if len(found) == count:
            break
        if visitor.request("GET", search_path(word))["_meta"]["total"]:  # the index leaves out stop words
            found.append(word)
    return found


def _newest(base: str, count: int) -> list[dict[str, str]]:
    visitor = Face(base)
    pages = range(1, -(-count // PAGE) + 1)
    found = several(lambda page: visitor.request("GET", f"/?page={page}&max_results={PAGE}"), pages)
    return [post for page in found for post in page["_items"]][:count]
