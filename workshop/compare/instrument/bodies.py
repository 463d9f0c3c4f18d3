"""Checks of bodies that are quick enough to be made of every response while a load is sent."""

import json
import re
from collections.abc import Mapping, Sequence

from workshop.compare.workload.mix import Request

IDS = re.compile(rb'"_id":\s*"([^"]*)"')
"""Quotes inside a string are escaped in JSON, so this finds no text of a post."""

RECOMMENDED = 12


class Bodies:
    """The right responses. `expected` has the ids of pages by path."""

    def __init__(self, expected: Mapping[str, Sequence[str]]) -> None:
        self._expected = {path: [each.encode() for each in ids] for path, ids in expected.items()}

    def fault(self, request: Request, body: bytes) -> str | None:
        """Return what is wrong with the body of a successful response, or None."""
        match request.verb:
            case "search" | "list":
                fault = self._page_fault(request.path, body)
            case "recommend":
                fault = _recommended_fault(body)
            case verb:
                key = b"_id" if verb == "show" else b"post"
                pattern = rb'"%s":\s*"%s"' % (key, re.escape(str(request.post).encode()))
                fault = None if re.search(pattern, body) else f"{request.post} is not in it"
        return fault and f"{request.path}: {fault}"

    def _page_fault(self, path: str, body: bytes) -> str | None:
        right = self._expected.get(path)
        if right is None or (found := IDS.findall(body)) == right:
            return None
        if len(found) != len(right):
            return f"{len(found)} posts instead of {len(right)}"
        place = next(place for place, post in enumerate(found) if post != right[place])
        return f"post {place + 1} is {found[place].decode()} instead of {right[place].decode()}"


def _recommended_fault(body: bytes) -> str | None:
    try:
        items = json.loads(body)["_items"]
    except (ValueError, KeyError, TypeError):
        return "no collection in JSON"
    if not isinstance(items, list) or len(items) > RECOMMENDED:
        return f"not at most {RECOMMENDED} posts"
    return None
