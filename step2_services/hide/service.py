"""Hide: the owner of what readers hid."""

from kit.domain.indexes import INDEXES, latest_of_reader
from kit.domain.marks import hide
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

HIDES = ("reader", "post", "topic", "hidden")

POSTS = ("topic",)
"""The copied fields of posts: a mark has the topic of its post, which must exist."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("hide")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return make_service(
        "hide",
        database,
        resources={"marks": marks_resource("hidden")},
        indexes={"marks": [*named(INDEXES["marks"], "hidden_by_reader"), latest_of_reader()]},
        feeds={"hides": Feed(marks.collection, HIDES, MARK_SCHEMA.find_problem)},
        copies={"posts": Copy(posts.collection, POSTS)},
        verbs=(
            hide.commands(posts, marks),
            hide.queries(posts, marks, show_marked(marks, "hidden"), page_of_copied(*POSTS, "hidden")),
            owned_marks.make_blueprint(marks, "hidden"),
            counts.make_blueprint(lambda reader: {"hidden": marks.counts(reader)["hidden"]}),
        ),
    )
