"""Tagged: what a reader has tagged, liked and hidden, and the posts of each kind."""

from kit.domain.marks import hide, like, tag
from kit.domain.marks.collection import Marks
from kit.domain.members import counts
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import PAGE_OF_POSTS, POST_SCHEMA
from kit.service import Service, own_database
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.views.tagged import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("tagged")
    posts = Posts(database["posts"], "_created", "_updated", find_problem=POST_SCHEMA.find_problem)
    marks = Marks(database["marks"])

    return event_service(
        Hosted(
            name="tagged",
            title="Tagged",
            tags=("kind:view", "verb:tagged"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            ponds=(ponds.posts(database), *ponds.marks(database), ponds.revoked(database)),
        ),
        tag.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
        like.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
        hide.queries(posts, marks, marks.shown, PAGE_OF_POSTS),
        counts.make_blueprint(marks.counts),
    )
