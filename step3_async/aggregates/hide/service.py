"""Hide: the owner of what readers hid."""

from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.service import Service
from kit.single import own_database
from kit.verbs import hide
from step3_async.aggregates.hide import settings
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.commands import Commands
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.pond import Pond


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("hide")
    posts, marks = Posts(database["posts"]), Marks(database["marks"], Commands("hide"))
    return event_service(
        Hosted(
            name="hide",
            title="Hide",
            tags=("kind:aggregate", "verb:hide"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            paths=("/posts/{post}/hide",),
            owns="marks",
            ponds=(Pond(posts.collection, "posts", settings.POSTS), ponds.revoked(database)),
        ),
        hide.make_blueprint(posts, marks),
    )
