"""Like: the owner of what readers like, and of how many do."""

from kit.domain.marks import like
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.service import Service, own_database
from step3_async.aggregates.like import settings
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.pond import Pond


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("like")
    posts, marks = Posts(database["posts"]), Marks(WriteLog(database, "marks", "like"))
    return event_service(
        Hosted(
            name="like",
            title="Like",
            tags=("kind:aggregate", "verb:like"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            owns="marks",
            ponds=(Pond(posts.collection, "posts", settings.POSTS), ponds.revoked(database)),
        ),
        like.commands(posts, marks),
    )
