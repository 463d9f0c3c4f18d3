"""Recommend: much loved posts; for a reader, those with topics and tags that they tagged and liked come
first.
"""

from kit.domain.indexes import INDEXES
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import STORED
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.domain.recommend import recommend
from kit.mongo.indexes import named
from kit.service import Service, own_database
from step2_services.replication import Copy
from step2_services.replication.copied_marks import CopiedMarks
from step2_services.service_factory import make_service

COPIED_POSTS = {
    **RESOURCE,
    "resource_title": "Copies of posts",
    "datasource": {"source": "posts", "default_sort": [("_id", 1)]},
    "allowed_filters": ["_id", "topic"],
    "sorting": False,
}

POSTS = tuple(field for field in STORED if field != "_id")

MARK = ("reader", "post", "topic")
MARKS = {"tags": "tags", "likes": "liked", "hides": "hidden"}
"""The fields of a mark, by the service that owns each. Here they are in one document."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("recommend")
    posts, marks = Posts(database["posts"]), CopiedMarks(database["marks"])
    return make_service(
        "recommend",
        database,
        resources={"posts": COPIED_POSTS},
        indexes={
            "posts": named(INDEXES["posts"], "topic", "most_loved", "most_loved_by_topic"),
            "marks": named(
                INDEXES["marks"], "tags_of_reader", "posts_of_tag", "liked_by_reader", "hidden_by_reader"
            ),
        },
        copies={
            "posts": Copy(posts.collection, POSTS, times=("created",)),
            **{kind: Copy(marks.collection, (*MARK, field), own=(field,)) for kind, field in MARKS.items()},
        },
        verbs=[recommend.make_blueprint(posts, marks)],
    )
