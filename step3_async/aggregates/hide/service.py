"""Hide: the owner of what readers hid."""

from kit.domain.marks import hide
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.service import Service, own_database
from step3_async.aggregates.hide import settings
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.pond import Pond


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("hide")
    posts, marks = Posts(database["posts"]), Marks(WriteLog(database, "marks", "hide"))
    return event_service(
        Hosted(
            name="hide",
            title="Hide",
            tags=("kind:aggregate", "verb:hide"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            owns="marks",
            ponds=(Pond(posts.collection, "posts", settings.POSTS), ponds.revoked(database)),
        ),
        hide.commands(posts, marks),
    )
