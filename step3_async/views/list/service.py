"""List: all posts, newest first, and single posts, each with its reader's marks. The list of a reader leaves
out the posts that they hid.
"""

from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.list import queries
from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARKED
from kit.domain.marks.resource import leave_out_hidden, show_marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_SCHEMA
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database, set_home
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.views import ponds

DOMAIN: dict[str, Any] = {
    "posts": {**RESOURCE, "item_lookup": False, "kit": {**RESOURCE["kit"], "added": MARKED}}
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest", "topic"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

SAME_FOR_VISITORS = {"home": "posts", "posts.show": "posts", "posts|resource": "posts"}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("list")
    posts, marks = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem), Marks(database["marks"])
    app = make_service(
        "list",
        database,
        tags=("kind:view", "verb:list", "verb:show"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(
            AnnouncedPath(template="/", face="json"),
            AnnouncedPath(template="/posts/{post}", face="json"),
            "/posts",
        ),
        ponds=(ponds.posts(database), *ponds.marks(database)),
        verbs=[queries.make_blueprint(posts, marks)],
        same_for_visitors=SAME_FOR_VISITORS,
    )
    set_home(app, app.view_functions["posts.newest"])
    leave_out_hidden(app, "posts", marks)
    show_marks(app, "posts", marks)
    return app
