"""Like: the owner of what readers like, and of how many do."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import latest_of_reader
from kit.domain.marks import like
from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import marks_resource
from kit.domain.posts.collection import Posts
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond

DOMAIN = {"marks": marks_resource("liked")}

INDEXES: Indexes = {"marks": [*named(MODEL["marks"], "likes_of_post"), latest_of_reader()]}

POSTS = ("topic",)
"""The fields of posts in the pond: a mark has the topic of its post, which must exist."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("like")
    posts, marks = Posts(database["posts"]), Marks(WriteLog(database, "marks", "like"))
    return make_service(
        "like",
        database,
        tags=("kind:aggregate", "verb:like"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(AnnouncedPath(template="/posts/{post}/like", face="json"),),
        owns="marks",
        ponds=(Pond(posts.collection, "posts", POSTS),),
        verbs=[like.commands(posts, marks)],
    )
