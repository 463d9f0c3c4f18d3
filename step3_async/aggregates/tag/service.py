"""Tag: the owner of readers' tags."""

from kit.domain.marks import tag
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.service import Service, own_database
from step3_async.aggregates.tag import settings
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.pond import Pond


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("tag")
    posts, marks = Posts(database["posts"]), Marks(WriteLog(database, "marks", "tag"))
    return event_service(
        Hosted(
            name="tag",
            title="Tag",
            tags=("kind:aggregate", "verb:tag"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            owns="marks",
            ponds=(Pond(posts.collection, "posts", settings.POSTS), ponds.revoked(database)),
        ),
        tag.commands(posts, marks),
    )
