"""Posts: the owner of all posts. Whoever loads posts writes here; everybody else hears of it."""

from kit.service import Service, own_database
from step3_async.aggregates.posts import settings
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("posts")
    return event_service(
        Hosted(
            name="posts",
            title="Posts",
            tags=("kind:aggregate",),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            owns="posts",
            ponds=(ponds.revoked(database),),
        )
    )
