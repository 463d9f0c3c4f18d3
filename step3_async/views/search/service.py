"""Search, in two versions that may run at once: their results differ in order, their pond does not."""

from collections.abc import Sequence
from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import leave_out_hidden
from kit.domain.posts.collection import NEWEST
from kit.domain.posts.documents import WORDS
from kit.domain.search.resource import match_words, search_resource
from kit.domain.search.search import BEST_FIRST
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from kit.settings import ServiceSettings
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.views import ponds

VERSIONS: dict[str, tuple[Sequence[Any], str]] = {
    "v1": (NEWEST, "Full text over title and text, the newest of the matches first"),
    "v2": (BEST_FIRST, "Full text over title and text, best first"),
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "words"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

SAME_FOR_VISITORS = {"search|resource": "posts"}


def make_app() -> Service:
    """Make the service in the version that the settings name."""
    database = own_database("search")
    marks = Marks(database["marks"])
    order, summary = VERSIONS[ServiceSettings.read().version]
    app = make_service(
        "search",
        database,
        tags=("kind:view", "verb:search"),
        resources={"search": search_resource(order, summary)},
        indexes=INDEXES,
        paths=(AnnouncedPath(template="/search", composition="marks on items"),),
        ponds=(ponds.posts(database, WORDS), ponds.hidden(database)),
        same_for_visitors=SAME_FOR_VISITORS,
    )
    match_words(app)
    leave_out_hidden(app, "search", marks)
    return app
