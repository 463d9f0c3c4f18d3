"""Tag: the owner of readers' tags."""

from kit.domain.indexes import latest_of_reader
from kit.domain.marks import tag
from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import marks_resource
from kit.domain.posts.collection import Posts
from kit.mongo.indexes import Indexes
from kit.service import Service, own_database
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond

DOMAIN = {"marks": marks_resource("tags")}

INDEXES: Indexes = {"marks": [latest_of_reader()]}

POSTS = ("topic",)
"""The fields of posts in the pond: a mark has the topic of its post, which must exist."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("tag")
    posts, marks = Posts(database["posts"]), Marks(WriteLog(database, "marks", "tag"))
    return make_service(
        "tag",
        database,
        tags=("kind:aggregate", "verb:tag"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(AnnouncedPath(template="/posts/{post}/tags/{tag}", face="json"),),
        owns="marks",
        ponds=(Pond(posts.collection, "posts", POSTS),),
        verbs=[tag.commands(posts, marks)],
    )
