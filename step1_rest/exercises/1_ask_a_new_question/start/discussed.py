"""Prints the titles of a topic's posts since a day: `python -m step1_rest.discussed Python 2025-01-01`.

The API is at API_URL.
"""

import os
import sys
from collections.abc import Iterator

from kit.clients.rest import Rest
from kit.http.problems import Problem
from step1_rest import API_URL


def titles(api: Rest, topic: str, day: str) -> Iterator[str]:
    """Yield the titles of the topic's posts since `day` began, those with the most comments first."""
    page = api.call("GET", "/posts", params={"max_results": 50}).json()
    for post in page["_items"]:
        yield post["title"]


if __name__ == "__main__":
    try:
        for title in titles(Rest(os.environ.get("API_URL", API_URL), "The API"), *sys.argv[1:]):
            print(title)
    except Problem as problem:
        sys.exit(f"The API refuses it, or is away: {problem}")
