"""Posts: the owner of all posts; lists them, and shows one."""

from kit.domain.indexes import INDEXES
from kit.domain.marks.resource import leave_out_hidden
from kit.domain.posts.documents import POST_SCHEMA, STAMPS, STORED, WORDS
from kit.domain.posts.resource import POSTS
from kit.mongo.indexes import named
from kit.service import Service, own_database
from step2_services.replication import Copy, Feed
from step2_services.replication.copied_marks import CopiedMarks
from step2_services.service_factory import make_service

PUBLISHED = tuple(field for field in (*STORED, WORDS, *STAMPS) if field != "_id")
"""The fields of posts that others may copy: all."""

HIDES = ("reader", "post", "hidden")
"""The fields of hides: which readers hid which posts."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("posts")
    marks = CopiedMarks(database["marks"])
    app = make_service(
        "posts",
        database,
        resources={"posts": POSTS},
        indexes={
            "posts": named(INDEXES["posts"], "newest", "topic"),
            "marks": named(INDEXES["marks"], "hidden_by_reader"),
        },
        feeds={"posts": Feed(database["posts"], PUBLISHED, POST_SCHEMA.find_problem)},
        copies={"hides": Copy(marks.collection, HIDES)},
    )
    leave_out_hidden(app, "posts", marks)
    return app
