"""Which service a path of the API belongs to, and what kind of page a path of the face is."""

import re
from dataclasses import dataclass
from typing import Literal

POST = r"/posts/[^/]+"

Made = Literal["as it is", "marked", "marked one", "counted"]
"""How an answer is made of a service's: as it is, with the reader's marks on its posts, or on the one post
that it is, or with counts that others know.
"""


@dataclass(frozen=True)
class Route:
    """Of the API. `name` is what metrics call it."""

    name: str
    pattern: str
    service: str
    reading: Made = "as it is"


ROUTES = (
    Route("/posts/{id}/tags/{tag}", rf"{POST}/tags/[^/]*", "tag"),
    Route("/posts/{id}/like", rf"{POST}/like", "like"),
    Route("/posts/{id}/hide", rf"{POST}/hide", "hide"),
    Route("/posts/{id}/share", rf"{POST}/share", "share"),
    Route("/posts/{id}", POST, "list", "marked one"),
    Route("/posts", "/posts", "list", "marked"),
    Route("/search", "/search", "search", "marked"),
    Route("/recommended", "/recommended", "recommend", "marked"),
    Route("/topics", "/topics", "recommend"),
    Route("/tags", r"/tags(?:/[^/]*)?", "tagged"),
    Route("/likes", "/likes", "tagged"),
    Route("/like-counts", "/like-counts", "tagged"),
    Route("/hidden", "/hidden", "tagged"),
    Route("/marks", "/marks", "tagged"),
    Route("/images/{id}", r"/images/[^/]+", "images"),
    Route("/me", "/me", "members", "counted"),
    Route("/members", r"/members(?:/[^/]+)?", "members"),
    Route("/tokens", r"/tokens(?:/current)?|/\.well-known/jwks\.json", "members"),
)

SERVICES = tuple(dict.fromkeys(route.service for route in ROUTES))

PAGES = (
    ("list", r"/"),
    ("search", r"/search"),
    ("recommend", r"/recommended"),
    ("marks", rf"{POST}/(?:like|hide|unhide|tags/[^/]*)"),
    ("share", rf"{POST}/share"),
    ("post", POST),
    ("images", r"/images/[^/]+"),
    ("tagged", r"/tags(?:/[^/]*)?|/likes|/hidden"),
    ("members", r"/(?:login|logout|signup|me)"),
)
"""Kinds of pages by the services they wait for; a slow one of these holds up pages of its own kind only."""

OTHER = "other"


def route_of(path: str) -> Route | None:
    """The route of a path below `/api`."""
    found = _API.fullmatch(path)
    return ROUTES[(found.lastindex or 1) - 1] if found else None


def page_of(path: str) -> str:
    """The kind of page."""
    found = _FACE.fullmatch(path)
    return PAGES[(found.lastindex or 1) - 1][0] if found else OTHER


_API = re.compile("|".join(f"({route.pattern})" for route in ROUTES))
_FACE = re.compile("|".join(f"({pattern})" for _, pattern in PAGES))
