"""Search, in two versions that may run at once: their results differ in order, their pond does not."""

from collections.abc import Sequence
from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARKED
from kit.domain.posts.collection import NEWEST, Posts
from kit.domain.posts.documents import POST_SCHEMA, WORDS
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.domain.search import queries
from kit.domain.search.search import BEST_FIRST
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from kit.settings import ServiceSettings
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.views import ponds

VERSIONS: dict[str, tuple[Sequence[tuple[str, Any]], str]] = {
    "v1": (NEWEST, "Full text over title and text, the newest of the matches first"),
    "v2": (BEST_FIRST, "Full text over title and text, best first"),
}

DOMAIN: dict[str, Any] = {
    "posts": {
        **RESOURCE,
        "resource_title": "Posts that may be found",
        "datasource": {"source": "posts", "default_sort": [("_id", 1)]},
        "allowed_filters": ["_id"],
        "sorting": False,
        "kit": {**RESOURCE["kit"], "added": MARKED},
    }
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "words"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

SAME_FOR_VISITORS = {"search.find": "posts"}


def make_app() -> Service:
    """Make the service in the version that the settings name."""
    database = own_database("search")
    posts, marks = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem), Marks(database["marks"])
    order, summary = VERSIONS[ServiceSettings.read().version]
    return make_service(
        "search",
        database,
        tags=("kind:view", "verb:search"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(AnnouncedPath(template="/search", face="json"),),
        ponds=(ponds.posts(database, WORDS), *ponds.marks(database)),
        verbs=[queries.make_blueprint(posts, marks, order, summary)],
        same_for_visitors=SAME_FOR_VISITORS,
    )
