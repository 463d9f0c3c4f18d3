"""List: all posts, newest first, and each of them; for a reader without what they hid."""

from kit.model.marks import Marks
from kit.resources.posts import leave_out_hidden
from kit.service import Service
from kit.single import own_database
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.views.list import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("list")
    marks = Marks(database["marks"])
    app = event_service(
        Hosted(
            name="list",
            title="List",
            tags=("kind:view", "verb:list", "verb:show"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            paths=(
                AnnouncedPath(template="/posts", composition="marks on items"),
                AnnouncedPath(template="/posts/{post}", composition="marks on one"),
            ),
            ponds=(ponds.posts(database), ponds.hidden(database), ponds.revoked(database)),
            same=settings.SAME,
        )
    )
    leave_out_hidden(app, "posts", marks)
    return app
