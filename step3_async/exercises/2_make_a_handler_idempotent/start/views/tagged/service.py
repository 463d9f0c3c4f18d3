"""Tagged: what a reader has tagged, liked and hidden, and the posts of each kind."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.marks import hide, like, tag
from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARKED
from kit.domain.marks.resource import marks_resource
from kit.domain.members import counts
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import PAGE_OF_POSTS, POST_SCHEMA
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.views import ponds
from step3_async.views.tagged import liked_ever

OF_FACE = ("/tags", "/tags/{tag}", "/likes", "/hidden")
PATHS: tuple[AnnouncedPath | str, ...] = (
    *(AnnouncedPath(template=each, face="json") for each in OF_FACE),
    "/like-counts",
    "/liked-ever",
    "/marks",
    AnnouncedPath(template="/counts", part=True),
)

DOMAIN: dict[str, Any] = {
    "marks": {**marks_resource("tags", "liked", "hidden"), "sorting": False},
    "posts": {
        **RESOURCE,
        "resource_title": "Posts that may be tagged",
        "allowed_filters": ["_id", "topic"],
        "sorting": False,
        "kit": {**RESOURCE["kit"], "added": MARKED},
    },
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest"),
    "marks": [
        *named(MODEL["marks"], "tags_of_reader", "liked_by_reader", "hidden_by_reader", "likes_of_post"),
        IndexModel([("reader", ASCENDING), ("post", ASCENDING)], name="post_of_reader"),
    ],
}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("tagged")
    posts = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem)
    marks = Marks(database["marks"])
    return make_service(
        "tagged",
        database,
        tags=("kind:view", "verb:tagged"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=PATHS,
        ponds=(ponds.posts(database), *map(liked_ever.counting, ponds.marks(database))),
        verbs=[
            tag.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
            like.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
            hide.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
            counts.make_blueprint(marks.counts),
            liked_ever.queries(database),
        ],
    )
