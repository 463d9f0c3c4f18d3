"""Recommend: much loved posts; for a reader, those with topics and tags that they tagged and liked come
first.
"""

from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARKED
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_SCHEMA, STORED
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.domain.recommend import recommend
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond
from step3_async.views import ponds

DOMAIN: dict[str, Any] = {
    "posts": {
        **RESOURCE,
        "resource_title": "Posts that may be recommended",
        "datasource": {"source": "posts", "default_sort": [("_id", 1)]},
        "allowed_filters": ["_id", "topic"],
        "sorting": False,
        "kit": {**RESOURCE["kit"], "added": MARKED},
    }
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "topic", "most_loved", "most_loved_by_topic"),
    "marks": named(MODEL["marks"], "tags_of_reader", "posts_of_tag", "liked_by_reader", "hidden_by_reader"),
}

POSTS = tuple(field for field in STORED if field != "_id")
TIMES = ("created",)

SAME_FOR_VISITORS = {"recommend.recommend": "posts", "recommend.topics": "posts"}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("recommend")
    posts, marks = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem), Marks(database["marks"])
    return make_service(
        "recommend",
        database,
        tags=("kind:view", "verb:recommend"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(
            AnnouncedPath(template="/recommended", face="json"),
            "/topics",
        ),
        ponds=(Pond(posts.collection, "posts", POSTS, TIMES), *ponds.marks(database)),
        verbs=[recommend.make_blueprint(posts, marks)],
        same_for_visitors=SAME_FOR_VISITORS,
    )
