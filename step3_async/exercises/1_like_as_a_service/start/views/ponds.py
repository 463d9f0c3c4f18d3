"""The ponds that several views have."""

from pymongo.database import Database

from kit.domain.posts.documents import STORED
from kit.mongo.client import Document
from step3_async.rapids.pond import Pond

STAMPS = ("_created", "_updated")
MARK = ("reader", "post", "topic")
MARKS = {"tag": ("tags",), "hide": ("hidden", "hidden_at")}
"""The fields of a mark that each of three aggregates owns."""

TIMES = {"hide": ("hidden_at",)}


def posts(database: Database[Document], *more: str) -> Pond:
    """Make a pond of all posts, with every field that is shown, and the fields `more`."""
    shown = tuple(field for field in (*STORED, *more, *STAMPS) if field not in ("_id", "love"))
    return Pond(database["posts"], "posts", shown, times=("created", *STAMPS))


def marks(database: Database[Document]) -> tuple[Pond, ...]:
    """Make the ponds of marks: of each mark one document, to which three aggregates give their fields."""
    return tuple(
        Pond(database["marks"], domain, (*MARK, *own), times=TIMES.get(domain, ()), own=own)
        for domain, own in MARKS.items()
    )
