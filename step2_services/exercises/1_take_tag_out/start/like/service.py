"""Like: the owner of what readers like and tag, and of how many like a post."""

from kit.domain.indexes import INDEXES, latest_of_reader
from kit.domain.marks import like, tag
from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARK_SCHEMA
from kit.domain.marks.resource import marks_resource
from kit.domain.members import counts
from kit.domain.posts.collection import Posts
from kit.mongo.indexes import named
from kit.service import Service, own_database
from step2_services import owned_marks
from step2_services.replication import Copy, Feed
from step2_services.replication.copied_posts import page_of_copied, show_marked
from step2_services.service_factory import make_service

LIKES = ("reader", "post", "topic", "liked")
TAGS = ("reader", "post", "topic", "tags")
COUNTED = ("likes", "tags")

POSTS = ("topic", "created")
"""The copied fields of posts: a mark has the topic of its post, and lists are sorted by `created`."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("like")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return make_service(
        "like",
        database,
        resources={"marks": marks_resource("liked", "tags")},
        indexes={
            "posts": named(INDEXES["posts"], "newest"),
            "marks": [
                *named(INDEXES["marks"], "likes_of_post", "liked_by_reader", "tags_of_reader"),
                latest_of_reader(),
            ],
        },
        feeds={
            "likes": Feed(marks.collection, LIKES, MARK_SCHEMA.find_problem),
            "tags": Feed(marks.collection, TAGS, MARK_SCHEMA.find_problem),
        },
        copies={"posts": Copy(posts.collection, POSTS, times=("created",))},
        verbs=(
            like.commands(posts, marks),
            like.queries(posts, marks, show_marked(marks, "liked"), page_of_copied(*POSTS, "liked")),
            tag.commands(posts, marks),
            tag.queries(posts, marks, show_marked(marks, "tags"), page_of_copied(*POSTS, "tags")),
            owned_marks.make_blueprint(marks, "liked"),
            owned_marks.make_blueprint(marks, "tags"),
            counts.make_blueprint(lambda reader: {kind: marks.counts(reader)[kind] for kind in COUNTED}),
        ),
    )
