"""List: all posts, newest first, and each of them; for a reader without what they hid."""

from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import leave_out_hidden
from kit.service import Service, own_database
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
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
            ponds=(ponds.posts(database), ponds.hidden(database), ponds.revoked(database)),
            same=settings.SAME,
        )
    )
    leave_out_hidden(app, "posts", marks)
    return app
