"""Posts: the owner of all posts. `make load` writes here; all other services get posts as events."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.resource import POSTS
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from step3_async.rapids.hosting.service_factory import make_service

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {"posts": named(MODEL["posts"], "newest", "topic")}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("posts")
    return make_service(
        "posts",
        database,
        tags=("kind:aggregate",),
        resources=DOMAIN,
        indexes=INDEXES,
        owns="posts",
    )
