"""Posts: the owner of all posts. Whoever loads posts writes here; everybody else hears of it."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.resource import POSTS
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from step3_async.rapids.hosting.service_factory import make_service

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {"posts": named(MODEL["posts"], "newest", "topic")}


def make_app() -> Service:
    """Make the service, as the environment describes it."""
    database = own_database("posts")
    return make_service(
        "posts",
        database,
        tags=("kind:aggregate",),
        resources=DOMAIN,
        indexes=INDEXES,
        owns="posts",
    )
