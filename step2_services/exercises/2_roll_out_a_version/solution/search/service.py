"""Search, in three versions that may run at once: their results differ in order, their store does not."""

from collections.abc import Sequence
from typing import Any

from kit.domain.indexes import INDEXES
from kit.domain.marks.resource import leave_out_hidden
from kit.domain.posts.collection import NEWEST
from kit.domain.posts.documents import SHOWN, STAMPS, WORDS
from kit.domain.search.resource import match_words, search_resource
from kit.domain.search.search import BEST_FIRST
from kit.mongo.indexes import named
from kit.service import Service, own_database
from kit.settings import ServiceSettings
from step2_services.replication import Copy
from step2_services.replication.copied_marks import CopiedMarks
from step2_services.service_factory import make_service

MOST_DISCUSSED = [("num_comments", -1), ("_id", 1)]

VERSIONS: dict[str, tuple[Sequence[Any], str]] = {
    "v1": (NEWEST, "Full text over title and text, the newest of the matches first"),
    "v2": (BEST_FIRST, "Full text over title and text, best first"),
    "v3": (MOST_DISCUSSED, "Full text over title and text, the most discussed of the matches first"),
}

POSTS = tuple(field for field in (*SHOWN, WORDS, *STAMPS) if field != "_id")
HIDES = ("reader", "post", "hidden")


def make_app() -> Service:
    """Make the service in the version that the settings name."""
    database = own_database("search")
    marks = CopiedMarks(database["marks"])
    order, summary = VERSIONS[ServiceSettings.read().version]
    app = make_service(
        "search",
        database,
        resources={"search": search_resource(order, summary)},
        indexes={
            "posts": named(INDEXES["posts"], "words"),
            "marks": named(INDEXES["marks"], "hidden_by_reader"),
        },
        copies={
            "posts": Copy(database["posts"], POSTS, times=("created", *STAMPS)),
            "hides": Copy(marks.collection, HIDES),
        },
    )
    match_words(app)
    leave_out_hidden(app, "search", marks)
    return app
