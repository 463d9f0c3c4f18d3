"""List: all posts, newest first, and single posts. The list of a reader leaves out the posts that they
hid.
"""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import leave_out_hidden
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.views import ponds

DOMAIN = {"posts": RESOURCE}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest", "topic"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

SAME_FOR_VISITORS = {"posts|resource": "posts", "posts|item_lookup": "posts"}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("list")
    marks = Marks(database["marks"])
    app = make_service(
        "list",
        database,
        tags=("kind:view", "verb:list", "verb:show"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(
            AnnouncedPath(template="/posts", composition="marks on items"),
            AnnouncedPath(template="/posts/{post}", composition="marks on one"),
        ),
        ponds=(ponds.posts(database), ponds.hidden(database)),
        same_for_visitors=SAME_FOR_VISITORS,
    )
    leave_out_hidden(app, "posts", marks)
    return app
