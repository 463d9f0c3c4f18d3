"""The ponds that several services have."""

from pymongo.database import Database

from kit.domain.posts.documents import STORED
from kit.mongo.client import Document
from step3_async.rapids.pond import Pond

STAMPS = ("_created", "_updated")
MARK = ("reader", "post", "topic")
MARKS = {"tag": ("tags",), "like": ("liked", "liked_at"), "hide": ("hidden", "hidden_at")}
"""What each of three aggregates knows of a mark."""

TIMES = {"like": ("liked_at",), "hide": ("hidden_at",)}


def posts(database: Database[Document], *more: str) -> Pond:
    """All posts, with all that is shown of them, and the fields `more`."""
    shown = tuple(field for field in (*STORED, *more, *STAMPS) if field not in ("_id", "love"))
    return Pond(database["posts"], "posts", shown, times=("created", *STAMPS))


def hidden(database: Database[Document]) -> Pond:
    """Who hid which post."""
    fields = ("reader", "post", "hidden")
    return Pond(database["marks"], "hide", fields, own=fields)


def marks(database: Database[Document]) -> tuple[Pond, ...]:
    """What readers did to posts: of each mark one document, to which three aggregates give their parts."""
    return tuple(
        Pond(database["marks"], domain, (*MARK, *own), times=TIMES.get(domain, ()), own=own)
        for domain, own in MARKS.items()
    )


def revoked(database: Database[Document]) -> Pond:
    """Tokens that were ended early."""
    return Pond(database["revoked"], "members", ("expires",), times=("expires",))
